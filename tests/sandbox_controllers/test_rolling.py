from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.sandbox.controllers import rolling
from slipway.sandbox.store import Manifest


def deployment(replicas: int, surge: Any = "25%", unavailable: Any = "25%") -> Manifest:
    update = {"maxSurge": surge, "maxUnavailable": unavailable}
    return {"spec": {"replicas": replicas, "strategy": {"type": "RollingUpdate", "rollingUpdate": update}}}


def replica_set(
    name: str, replicas: int, available: int | None = None, maximum: int | None = None
) -> Manifest:
    metadata: Manifest = {"name": name, "uid": name, "creationTimestamp": name}
    if maximum is not None:
        metadata["annotations"] = {"max": str(maximum)}
    status = {"availableReplicas": replicas if available is None else available}
    return {"metadata": metadata, "spec": {"replicas": replicas}, "status": status}


@pytest.mark.parametrize(
    ("replicas", "surge", "unavailable", "expected"),
    [
        (4, "25%", "25%", (1, 1)),
        (3, "25%", "25%", (1, 0)),
        (1, "25%", "25%", (1, 0)),
        (10, "30%", "0%", (3, 0)),
        (4, 0, 0, (0, 1)),
        (2, 5, 5, (5, 2)),
    ],
)
def test_a_surge_is_rounded_up_and_the_unavailable_down(
    replicas: int, surge: Any, unavailable: Any, expected: tuple[int, int]
) -> None:
    assert rolling.bounds(deployment(replicas, surge, unavailable)) == expected


def test_the_new_set_takes_what_the_surge_leaves() -> None:
    old, new = replica_set("a", 4), replica_set("b", 1)
    assert rolling.new_size(deployment(4), new, [old, new]) == 1
    assert rolling.new_size(deployment(4), None, [old]) == 1
    assert rolling.new_size(deployment(4), new, [new]) == 4


def sizes(steps: Iterable[tuple[Manifest, int]]) -> dict[str, int]:
    return {one["metadata"]["name"]: size for one, size in steps}


def test_unhealthy_old_pods_go_first() -> None:
    sick, well = replica_set("a", 2, available=0), replica_set("b", 3)
    new = replica_set("c", 1, available=0)
    assert sizes(rolling.old_sizes(deployment(5, 1, 1), new, [sick, well])) == {"a": 1}


def test_nothing_old_goes_while_the_new_pods_are_not_available() -> None:
    old, new = replica_set("a", 3), replica_set("b", 1, available=0)
    assert rolling.old_sizes(deployment(3), new, [old]) == []


def test_a_change_of_size_in_the_middle_is_shared_by_size() -> None:
    old, new = replica_set("a", 7, maximum=10), replica_set("b", 3, maximum=10)
    grown = rolling.proportions(deployment(16, 4, 0), new, [old], desired="desired", maximum="max")
    assert sizes(grown) == {"a": 14, "b": 6}
    shrunk = rolling.proportions(deployment(4, 1, 0), new, [old], desired="desired", maximum="max")
    assert sizes(shrunk) == {"a": 3, "b": 2}


@given(
    st.integers(0, 30),
    st.integers(0, 10),
    st.integers(0, 10),
    st.integers(0, 40),
    st.integers(0, 40),
    st.data(),
)
def test_a_step_never_leaves_the_bounds(
    replicas: int, surge: int, unavailable: int, old_size: int, new_size: int, data: st.DataObject
) -> None:
    wanted = deployment(replicas, surge, unavailable)
    old = replica_set("a", old_size, data.draw(st.integers(0, old_size)))
    new = replica_set("b", new_size, data.draw(st.integers(0, new_size)))
    most, least = rolling.bounds(wanted)
    grown = rolling.new_size(wanted, new, [old, new])
    assert grown <= max(new_size, replicas)
    if grown > new_size:
        assert old_size + grown <= replicas + most
    available = old["status"]["availableReplicas"] + new["status"]["availableReplicas"]
    lost = 0
    for one, size in rolling.old_sizes(wanted, new, [old]):
        assert 0 <= size < old_size
        unhealthy = old_size - one["status"]["availableReplicas"]
        lost = max(0, old_size - size - unhealthy)
    assert available - lost >= min(available, replicas - least)
