"""What differs between two states of one object, as a person reads it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.engine.diff import FieldChange, changes, normalised, value_at


def spec(**values: Any) -> dict[str, Any]:
    return {"kind": "Thing", "metadata": {"name": "web"}, "spec": values}


SERVER = {"name": "server", "image": "a:1", "env": [{"name": "A", "value": "1"}]}
PROXY = {"name": "proxy", "image": "p:1"}

CASES: dict[str, tuple[dict[str, Any], dict[str, Any], list[tuple[str, Any, Any]]]] = {
    "a value": (spec(replicas=1), spec(replicas=2), [("spec.replicas", 1, 2)]),
    "a field that comes": (spec(), spec(paused=True), [("spec.paused", None, True)]),
    "a field that goes": (spec(paused=True), spec(), [("spec.paused", True, None)]),
    "a type": (spec(port=80), spec(port="80"), [("spec.port", 80, "80")]),
    "true is not 1": (spec(on=1), spec(on=True), [("spec.on", 1, True)]),
    "null is absent": (spec(strategy=None), spec(), []),
    "a container by name": (
        spec(containers=[SERVER]),
        spec(containers=[SERVER | {"image": "a:2"}]),
        [("spec.containers[name=server].image", "a:1", "a:2")],
    ),
    "one put in front is one addition": (
        spec(containers=[SERVER]),
        spec(containers=[PROXY, SERVER]),
        [("spec.containers[name=proxy]", None, PROXY)],
    ),
    "another order is said": (
        spec(containers=[SERVER, PROXY]),
        spec(containers=[PROXY, SERVER]),
        [("spec.containers[order]", ["server", "proxy"], ["proxy", "server"])],
    ),
    "ports without names by number": (
        spec(ports=[{"port": 80, "targetPort": 1}]),
        spec(ports=[{"port": 80, "targetPort": 2}]),
        [("spec.ports[port=80].targetPort", 1, 2)],
    ),
    "a plain list whole": (spec(args=["a", "b"]), spec(args=["b"]), [("spec.args", ["a", "b"], ["b"])]),
    "a list with two of one name whole": (
        spec(rules=[{"name": "a", "v": 1}, {"name": "a", "v": 2}]),
        spec(rules=[{"name": "a", "v": 1}]),
        [("spec.rules", [{"name": "a", "v": 1}, {"name": "a", "v": 2}], [{"name": "a", "v": 1}])],
    ),
    "a name with a dot": (
        {"data": {"nginx.conf": "a"}},
        {"data": {"nginx.conf": "b"}},
        [('data."nginx.conf"', "a", "b")],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_difference_is_told_where_it_is(case: str):
    before, after, expected = CASES[case]
    assert changes(before, after) == tuple(FieldChange(*change) for change in expected)


def test_what_servers_write_is_no_difference():
    before = spec() | {"status": {"a": 1}}
    after = copy.deepcopy(before) | {"status": {"a": 2}}
    after["metadata"] |= {
        "resourceVersion": "9",
        "uid": "u",
        "generation": 3,
        "managedFields": [],
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"},
    }
    assert changes(before, after) == ()


@pytest.mark.parametrize(
    ("rule", "hidden"),
    [
        ("spec.containers[name=server].image", True),
        ("spec.containers[*].image", True),
        ("spec.*", True),
        ("spec.containers", False),
        ("spec.containers[name=proxy].image", False),
        ("spec.containers?name=server].image", False),
    ],
)
def test_a_rule_is_a_path_as_it_is_shown_with_stars(rule: str, hidden: bool):
    before, after, _ = CASES["a container by name"]
    assert (changes(before, after, ignore=[rule]) == ()) is hidden


@pytest.mark.parametrize("case", [case for case in CASES if case != "null is absent"])
def test_a_path_leads_back_to_its_value(case: str):
    before, after, _ = CASES[case]
    for change in changes(before, after):
        assert value_at(before, change.path) == change.before
        assert value_at(after, change.path) == change.after


scalars = st.booleans() | st.integers(0, 3) | st.sampled_from(["", "a", "b"])
entries = st.fixed_dictionaries({"name": st.sampled_from("xyz")}, optional={"value": scalars})
values = st.recursive(
    scalars | st.lists(entries, max_size=3),
    lambda inner: (
        st.dictionaries(st.sampled_from(["a", "b.c", "d"]), inner, max_size=3) | st.lists(inner, max_size=3)
    ),
    max_leaves=10,
)
objects = st.builds(
    lambda spec, status, metadata: {"spec": spec, "status": status, "metadata": metadata},
    values,
    values,
    st.dictionaries(st.sampled_from(["labels", "uid", "annotations", "resourceVersion"]), values, max_size=3),
)


@given(objects)
def test_nothing_differs_from_itself(one: dict[str, Any]):
    assert changes(one, copy.deepcopy(one)) == ()


@given(objects, objects)
def test_nothing_is_told_exactly_where_the_two_are_the_same(one: dict[str, Any], other: dict[str, Any]):
    assert (changes(one, other) == ()) is (str(_sorted(normalised(one))) == str(_sorted(normalised(other))))


@given(objects, objects)
def test_told_backwards_it_is_the_same_the_other_way_round(one: dict[str, Any], other: dict[str, Any]):
    forth = [(change.path, change.before, change.after) for change in changes(one, other)]
    back = [(change.path, change.after, change.before) for change in changes(other, one)]
    assert forth == back


@given(objects)
def test_normalising_twice_is_normalising_once(one: dict[str, Any]):
    given_one = copy.deepcopy(one)
    assert normalised(normalised(one)) == normalised(one)
    assert one == given_one


@given(objects, objects)
def test_a_difference_survives_being_stored(one: dict[str, Any], other: dict[str, Any]):
    for change in changes(one, other):
        assert FieldChange.from_json(change.to_json()) == change


def _sorted(value: Any) -> Any:
    """Keys in order, so that two equal trees print alike (and 1 does not print as True)."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(inner) for inner in value] if isinstance(value, list) else value
