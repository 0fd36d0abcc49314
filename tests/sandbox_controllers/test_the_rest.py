from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from slipway.sandbox.controllers.queue import Queue
from slipway.sandbox.controllers.schedules import Schedule
from slipway.sandbox.store import Key, Manifest, Store
from tests.sandbox_controllers.conftest import World, workload


async def test_a_reconcile_that_crashes_is_tried_again_and_the_others_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Shaky:
        name = "shaky"
        calls = 0

        def concerns(self, change: str, obj: Manifest) -> Iterable[Key]:
            yield ("", obj["metadata"]["name"])

        def reconcile(self, namespace: str, name: str) -> None:
            self.calls += 1
            if self.calls < 3:
                raise ValueError("not yet")

    class Steady(Shaky):
        name = "steady"

        def reconcile(self, namespace: str, name: str) -> None:
            self.calls += 1

    store, shaky, steady = Store(None), Shaky(), Steady()
    queue = asyncio.create_task(Queue(store, [shaky, steady]).run())
    await asyncio.sleep(0)
    store.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}})
    await World(store).until(lambda: shaky.calls >= 3)
    queue.cancel()
    await asyncio.gather(queue, return_exceptions=True)
    assert (shaky.calls, steady.calls) == (3, 1)
    assert len([record for record in caplog.records if "shaky failed on /one" in record.getMessage()]) == 2


@pytest.mark.parametrize(
    ("text", "moment", "due"),
    [
        ("*/5 * * * *", "2026-03-01T10:05", True),
        ("*/5 * * * *", "2026-03-01T10:06", False),
        ("0 3 * * 1-5", "2026-03-02T03:00", True),
        ("0 3 * * 1-5", "2026-03-01T03:00", False),
        ("0 0 1 * 0", "2026-03-08T00:00", True),
        ("0 0 1 * 0", "2026-04-01T00:00", True),
        ("0 0 * * 7", "2026-03-08T00:00", True),
        ("0 0 * mar sun", "2026-03-08T00:00", True),
        ("@hourly", "2026-03-08T07:00", True),
    ],
)
def test_a_schedule_is_due(text: str, moment: str, due: bool) -> None:
    assert Schedule(text).is_due(datetime.fromisoformat(moment).replace(tzinfo=UTC)) is due


@pytest.mark.parametrize("text", ["* * * *", "61 * * * *", "* 25 * * *", "x * * * *"])
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Schedule(text)


async def test_a_cron_job_makes_its_job_once_a_minute(world: World) -> None:
    cron = world.make(
        {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": {"name": "tidy"},
            "spec": {
                "schedule": "* * * * *",
                "jobTemplate": {
                    "spec": {
                        "template": {
                            "spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "a:1"}]}
                        }
                    }
                },
            },
        }
    )
    earlier = {**cron, "status": {"lastScheduleTime": "2026-01-01T00:00:00Z"}}
    world.store.put(earlier)
    [job] = await world.until(lambda: world.children(cron, "Job", "batch"))
    await world.until(
        lambda: (world.get("Job", job["metadata"]["name"], "batch").get("status") or {}).get("succeeded")
    )
    assert len(world.children(cron, "Job", "batch")) == 1


async def test_a_claim_is_bound_to_a_volume_of_its_own_and_takes_it_along(world: World) -> None:
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "2Gi"}}}
    world.make(
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": claim}
    )

    def phase() -> str:
        return str((world.get("PersistentVolumeClaim", "data", "").get("status") or {}).get("phase"))

    await world.until(lambda: phase() == "Bound")
    bound = world.get("PersistentVolumeClaim", "data", "")
    assert bound["status"]["capacity"] == {"storage": "2Gi"}
    assert bound["spec"]["storageClassName"] == "standard"
    world.store.delete(("", "PersistentVolumeClaim"), "shop", "data")
    await world.until(lambda: not world.store.list(("", "PersistentVolume")))


async def test_a_claim_of_an_unknown_class_waits_and_says_why(world: World) -> None:
    spec = {"storageClassName": "gold", "accessModes": ["ReadWriteOnce"]}
    world.make(
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": spec}
    )
    await world.until(lambda: world.events("ProvisioningFailed"))
    assert world.get("PersistentVolumeClaim", "data", "")["status"]["phase"] == "Pending"


async def test_an_autoscaler_follows_its_declared_metric_and_owns_the_size_as_scale(world: World) -> None:
    scaled = workload("Deployment", replicas=2)
    scaled["metadata"]["managedFields"] = [
        {
            "manager": "somebody",
            "operation": "Apply",
            "apiVersion": "apps/v1",
            "time": "2026-01-01T00:00:00Z",
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:spec": {"f:replicas": {}}},
        }
    ]
    world.make(scaled)
    world.make(
        {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "web", "annotations": {"sandbox.slipway.dev/cpu-percent": "160"}},
            "spec": {
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
                "minReplicas": 1,
                "maxReplicas": 3,
            },
        }
    )
    await world.until(lambda: world.get("Deployment", "web")["spec"]["replicas"] == 3)
    entries = world.get("Deployment", "web")["metadata"]["managedFields"]
    [entry] = [entry for entry in entries if entry.get("subresource") == "scale"]
    assert (entry["manager"], entry["fieldsV1"]) == (
        "kube-controller-manager",
        {"f:spec": {"f:replicas": {}}},
    )


async def test_a_disruption_budget_counts_what_may_be_missing(world: World) -> None:
    world.make(workload("Deployment", replicas=3))
    world.make(
        {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": "web"},
            "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}},
        }
    )
    await world.until(
        lambda: (
            (world.get("PodDisruptionBudget", "web", "policy").get("status") or {}).get("disruptionsAllowed")
            == 1
        )
    )


async def test_a_namespace_goes_with_everything_in_it(world: World) -> None:
    world.make(workload("Deployment"))
    await world.until(lambda: len(world.pods()) == 3)
    world.store.delete(("", "Namespace"), "", "shop")
    await world.until(lambda: world.store.get(("", "Namespace"), "", "shop") is None)
    left = [obj for gk in world.store.kinds() for obj in world.store.list(gk, "shop")]
    assert left == []
