"""What is sent, and asked, where an object leaves its rolling update."""

from __future__ import annotations

from typing import Any

from slipway.engine.manifests.unrolling import kept_by, owning_first, still_rolling, stopped, stops_rolling
from slipway.engine.objects import Manifest

US = "slipway-inst-t1"
VALUES = {"maxSurge": "25%", "maxUnavailable": "25%"}
ROLLING = {"type": "RollingUpdate", "rollingUpdate": VALUES}
OWNED_VALUES = {"f:strategy": {"f:rollingUpdate": {"f:maxSurge": {}, "f:maxUnavailable": {}}}}


def sent(**strategy: Any) -> Manifest:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"replicas": 3, "strategy": strategy or {"type": "Recreate"}},
    }


def live(*entries: dict[str, Any], **strategy: Any) -> Manifest:
    metadata = {"name": "web", "namespace": "shop", "uid": "u1", "managedFields": list(entries)}
    return sent() | {
        "metadata": metadata,
        "spec": {"replicas": 2, "paused": False, "strategy": strategy or ROLLING},
    }


def entry(manager: str, fields: dict[str, Any], operation: str = "Apply") -> dict[str, Any]:
    return {"manager": manager, "operation": operation, "fieldsV1": {"f:spec": fields}}


def test_only_what_leaves_values_that_stand_there_takes_two_writes():
    assert stops_rolling(sent(), live())
    assert not stops_rolling(sent(), None)
    assert not stops_rolling(sent(), live(type="Recreate"))
    assert not stops_rolling(sent(type="RollingUpdate"), live())
    assert not stops_rolling(
        sent(type="Recreate", rollingUpdate=VALUES), live()
    )  # wrong, and refused as such
    assert not stops_rolling({**sent(), "kind": "DaemonSet"}, live())


def test_the_first_write_says_what_we_own_and_the_values_and_nothing_of_the_release():
    made = owning_first(live(entry(US, {"f:replicas": {}})), US)
    assert made == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"replicas": 2, "strategy": ROLLING},
    }


def test_there_is_no_first_write_where_the_values_are_ours_already():
    assert owning_first(live(entry(US, OWNED_VALUES)), US) is None


def test_the_dry_run_asks_with_the_values_and_tells_without_them():
    asked = still_rolling(sent(), live())
    assert asked["spec"] == {"replicas": 3, "strategy": ROLLING}
    assert stopped({**live(), **asked}, sent())["spec"] == {"replicas": 3, "strategy": {"type": "Recreate"}}


def test_whoever_owns_the_values_beside_us_is_named():
    standing = live(entry(US, OWNED_VALUES), entry("kubectl-edit", OWNED_VALUES, "Update"))
    assert kept_by(standing, US) == "kubectl-edit"
    assert kept_by(live(entry(US, OWNED_VALUES), entry("hpa", {"f:replicas": {}})), US) == ""
