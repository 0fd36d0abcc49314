from __future__ import annotations

from typing import Any

import pytest

from slipway.sandbox.errors import ApiError
from slipway.sandbox.patches import json_patch, merge_patch, strategic_patch
from slipway.sandbox.quantities import canonical
from slipway.sandbox.schemas import definitions
from tests.sandbox.conftest import deployment


def strategic(document: Any, patch: Any) -> Any:
    kind = definitions().kind("apps", "v1", "Deployment")
    assert kind is not None
    return strategic_patch(document, patch, kind)


def containers(*names: str) -> dict[str, Any]:
    listed = [{"name": name, "image": f"{name}:1"} for name in names]
    return {"spec": {"template": {"spec": {"containers": listed}}}}


def in_pod(patch: dict[str, Any]) -> dict[str, Any]:
    return {"spec": {"template": {"spec": patch}}}


def test_a_json_patch_adds_replaces_removes_moves_and_tests() -> None:
    document = {"a": [1, 2], "b": {"c~/d": 1}}

    assert json_patch(document, [{"op": "add", "path": "/a/1", "value": 9}])["a"] == [1, 9, 2]
    assert json_patch(document, [{"op": "add", "path": "/a/-", "value": 9}])["a"] == [1, 2, 9]
    assert json_patch(document, [{"op": "remove", "path": "/b/c~0~1d"}])["b"] == {}
    assert json_patch(document, [{"op": "move", "from": "/a", "path": "/x"}]) == {
        "b": {"c~/d": 1},
        "x": [1, 2],
    }
    assert json_patch(document, [{"op": "test", "path": "/a/0", "value": 1}]) == document
    with pytest.raises(ApiError, match="test failed"):
        json_patch(document, [{"op": "test", "path": "/a/0", "value": 2}])
    with pytest.raises(ApiError, match="does not apply"):
        json_patch(document, [{"op": "replace", "path": "/z", "value": 2}])


def test_a_merge_patch_removes_by_null_and_replaces_lists() -> None:
    assert merge_patch({"a": {"b": 1, "c": 2}, "l": [1]}, {"a": {"b": None}, "l": [2]}) == {
        "a": {"c": 2},
        "l": [2],
    }


def test_a_strategic_patch_merges_containers_by_name() -> None:
    patched = strategic(
        containers("web", "side"), in_pod({"containers": [{"name": "side", "image": "side:2"}]})
    )

    assert patched == in_pod(
        {"containers": [{"name": "web", "image": "web:1"}, {"name": "side", "image": "side:2"}]}
    )


def test_its_directives_delete_replace_and_order() -> None:
    gone = strategic(
        containers("web", "side"), in_pod({"containers": [{"name": "side", "$patch": "delete"}]})
    )
    assert gone == containers("web")

    other = [{"$patch": "replace"}, {"name": "only", "image": "only:1"}]
    assert strategic(containers("web"), in_pod({"containers": other})) == containers("only")

    order = {"$setElementOrder/containers": [{"name": "side"}, {"name": "web"}]}
    patched = strategic(
        containers("web"), in_pod({**order, "containers": [{"name": "side", "image": "side:1"}]})
    )
    assert patched == containers("side", "web")


def test_retain_keys_drops_what_another_strategy_needs_no_more() -> None:
    live = {"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}}

    patched = strategic(live, {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}})

    assert patched == {"spec": {"strategy": {"type": "Recreate"}}}


def test_finalizers_are_merged_as_a_set() -> None:
    live = {"metadata": {"finalizers": ["a/b", "c/d"]}}

    assert strategic(live, {"metadata": {"finalizers": ["e/f", "a/b"]}})["metadata"]["finalizers"] == [
        "a/b",
        "c/d",
        "e/f",
    ]
    removal = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a/b"]}}
    assert strategic(live, removal)["metadata"]["finalizers"] == ["c/d"]


def test_a_patch_changes_nothing_that_it_was_given() -> None:
    live = deployment()
    before = deployment()

    strategic(live, in_pod({"containers": [{"name": "web", "image": "other:1"}]}))
    json_patch(live, [{"op": "remove", "path": "/spec/replicas"}])

    assert live == before


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("0.5", "500m"),
        ("1000m", "1"),
        ("1500m", "1500m"),
        ("1024Mi", "1Gi"),
        ("1000Mi", "1000Mi"),
        ("0.5Gi", "512Mi"),
        ("2000M", "2G"),
        ("0", "0"),
        ("1e3", "1e3"),
        ("abc", None),
        ("1 Gi", None),
    ],
)
def test_quantities_are_kept_in_their_canonical_form(given: str, kept: str | None) -> None:
    assert canonical(given) == kept
