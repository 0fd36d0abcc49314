from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from apps.core import scopes
from apps.core.problems import Invalid
from apps.environments.models import Target
from apps.rollouts.models import AppliedSet, JournalEntry, PlanRecord
from slipway.engine.objects import ObjectKey
from slipway.ports.clusters import Propagation
from tests.rollouts.driver import of
from tests.rollouts.journey import Journey, shop, worker


def test_a_first_release_goes_live_and_everything_that_is_told_about_it_agrees(journey: Journey) -> None:
    rollout = journey.start(journey.release("1.0.0", shop()))
    row = journey.succeeded(rollout)

    assert journey.phases(rollout) == ["waiting", "progressing", "verifying", "succeeded"]
    assert journey.image() == "shop/web:1"
    assert journey.names("Deployment", group="apps") == ["web"]
    target = journey.target()
    assert (target.live_version, target.live_rollout_id, target.live_by_label) == ("1.0.0", row.id, "Bo")
    assert (target.active_rollout_id, target.health, target.created_namespace) == (None, "healthy", True)
    assert journey.stretches() == [("1.0.0", True)]
    assert journey.activity() == [
        "rollout.phase pending",
        "rollout.phase progressing",
        "rollout.phase succeeded",
    ]
    assert journey.journal(rollout) == {"applied"}
    assert journey.differences() == []
    journey.audit_is_sound()


def test_a_second_release_that_changes_one_deployment_writes_that_one_alone(journey: Journey) -> None:
    journey.deployed("1.0.0", shop(more=worker("mail")))
    journey.tap.clear()
    rollout = journey.deployed("1.1.0", shop("shop/web:2", more=worker("mail")))

    verbs = journey.plan(rollout)
    assert {label: verb for label, verb in verbs.items() if verb != "unchanged"} == {
        "Deployment web": "change"
    }
    assert len(verbs) == 5
    assert journey.tap.names() == ["apply Deployment web"]
    assert journey.image() == "shop/web:2"
    assert journey.stretches() == [("1.0.0", False), ("1.1.0", True)]
    assert journey.differences() == []


def test_a_release_that_changes_nothing_writes_nothing_and_stands_all_the_same(journey: Journey) -> None:
    journey.deployed("1.0.0", shop())
    journey.tap.clear()
    rollout = journey.deployed("1.0.1", shop())
    assert set(journey.plan(rollout).values()) == {"unchanged"}
    assert journey.tap.writes == []
    assert of(rollout).first_write_at is None
    assert journey.target().live_version == "1.0.1"


def test_changed_configuration_comes_under_a_new_name_and_rolls_the_pods(journey: Journey) -> None:
    journey.deployed("1.0.0", shop(greeting="hello"))
    (old,) = journey.names("ConfigMap")
    journey.deployed("1.1.0", shop(greeting="good morning"))
    names = journey.names("ConfigMap")
    assert len(names) == 2
    assert old in names  # the old ReplicaSet still names it
    reference = journey.deployment()["spec"]["template"]["spec"]["containers"][0]["envFrom"][0]
    assert reference["configMapRef"]["name"] in set(names) - {old}
    assert journey.differences() == []


def test_no_secret_value_is_stored_in_plan_or_journal_or_event(journey: Journey) -> None:
    first = journey.deployed("1.0.0", shop(password="open-sesame"))
    second = journey.deployed("1.1.0", shop(password="open-sesame-2"))
    with journey.scope():
        stored = str(list(PlanRecord.objects.values_list("body", flat=True)))
        stored += str(list(JournalEntry.objects.values_list("changes", flat=True)))
        stored += str([of(row).progress for row in (first, second)])
        sealed = bytes(AppliedSet.objects.get(rollout_id=second.id).sealed_objects)
    for text in ("open-sesame", "b3Blbi1zZXNhbWU"):
        assert text not in stored
        assert text.encode() not in sealed
    assert "hmac-sha256:" in stored


def test_old_versions_go_once_no_replica_set_names_them(journey: Journey) -> None:
    def text(greeting: str) -> str:
        return shop(greeting=greeting).replace("replicas: 2", "replicas: 1\n  revisionHistoryLimit: 0")

    journey.deployed("1.0.0", text("one"))
    journey.deployed("1.1.0", text("two"))
    third = journey.deployed("1.2.0", text("three"))
    # The release before is what would be gone back to: its version stays whatever names it.
    assert len(journey.names("ConfigMap")) == 2
    assert "versions-swept" in journey.kinds(third)
    assert journey.differences() == []


def test_what_the_release_drops_is_deleted_last(journey: Journey) -> None:
    journey.deployed("1.0.0", shop(more=worker("mail")))
    journey.tap.clear()
    rollout = journey.deployed("1.1.0", shop("shop/web:2"))
    assert journey.plan(rollout)["Deployment mail"] == "prune"
    assert journey.tap.names() == ["apply Deployment web", "delete Deployment mail"]
    assert journey.names("Deployment", group="apps") == ["web"]
    assert journey.differences() == []


def test_a_claim_is_never_deleted_and_what_is_not_marked_ours_neither(journey: Journey) -> None:
    claim = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
"""
    journey.deployed("1.0.0", shop(more=claim + "---\n" + worker("mail")))
    key = ObjectKey("apps", "Deployment", journey.namespace(), "mail")
    journey.cluster.patch_json(
        key, [{"op": "remove", "path": "/metadata/annotations/slipway.dev~1owner"}], manager="somebody"
    )
    rollout = journey.deployed("1.1.0", shop())
    plan = journey.plan(rollout)
    assert plan["PersistentVolumeClaim data"] == "keep"
    assert "Deployment mail" not in plan
    assert journey.live("PersistentVolumeClaim", "data") is not None
    assert journey.live("Deployment", "mail", group="apps") is not None


def test_more_deletions_than_allowed_want_their_number_typed(journey: Journey) -> None:
    journey.environment(delete_limit=1)
    journey.deployed("1.0.0", shop(more=worker("mail") + "---\n" + worker("cron")))
    rollout = journey.start(journey.release("1.1.0", shop()))
    row = journey.waiting(rollout)
    assert "The plan deletes 2 objects" in row.sentence
    assert "types 2" in row.sentence
    with pytest.raises(Invalid, match=r"deletes 2 objects, not 1; nothing is confirmed"):
        journey.steer("confirm_deletions", rollout, count=1)
    journey.driver.drain()
    assert of(rollout).phase == "waiting"
    journey.steer("confirm_deletions", rollout, count=2)
    journey.succeeded(rollout)
    assert journey.names("Deployment", group="apps") == ["web"]


def test_what_others_made_is_refused_and_nothing_is_applied(journey: Journey) -> None:
    journey.deployed("1.0.0", shop())
    journey.write_by_hand(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "metrics", "namespace": journey.namespace()},
            "spec": {"ports": [{"port": 9090, "protocol": "TCP"}]},
        },
        manager="kubectl",
    )
    journey.tap.clear()
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: metrics}\nspec: {ports: [{port: 9090}]}\n"
    rollout = journey.start(journey.release("1.1.0", shop("shop/web:2", more=service)))
    row = journey.ended(rollout)
    assert row.phase == "failed"
    assert "Service metrics: it exists already, made by kubectl and not by Slipway" in row.end_reason
    assert journey.tap.writes == []
    assert journey.plan(rollout)["Service metrics"] == "refuse"
    assert journey.target().needs_person_since is None


def test_fields_that_others_took_are_named_and_taken_back(journey: Journey) -> None:
    journey.deployed("1.0.0", shop())
    changed = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": journey.namespace()},
        "spec": {"replicas": 4},
    }
    journey.write_by_hand(changed, manager="kubectl-by-hand")
    rollout = journey.deployed("1.1.0", shop("shop/web:2"))
    with journey.scope():
        record = rollout.plans.latest("number")
    taken = [tuple(pair) for item in record.body["plan"]["objects"] for pair in item["taken_over"]]
    assert taken == [("spec.replicas", "kubectl-by-hand")]
    assert journey.deployment()["spec"]["replicas"] == 2
    assert journey.differences() == []


def test_an_autoscalers_replicas_are_left_alone(journey: Journey) -> None:
    scaler = """
apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  maxReplicas: 9
  minReplicas: 1
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
"""
    journey.deployed("1.0.0", shop(more=scaler))
    changed = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": journey.namespace()},
        "spec": {"replicas": 5},
    }
    journey.write_by_hand(changed, manager="kube-controller-manager")
    rollout = journey.deployed("1.1.0", shop("shop/web:2", more=scaler))
    assert journey.deployment()["spec"]["replicas"] == 5
    with journey.scope():
        changes = JournalEntry.objects.get(rollout_id=rollout.id, key__startswith="Deployment").changes
    assert [change["path"] for change in changes] == ["spec.template.spec.containers[name=web].image"]


def test_waves_and_jobs_run_in_order_and_jobs_once_per_release(journey: Journey) -> None:
    def job(name: str, hook: str) -> str:
        return f"""
apiVersion: batch/v1
kind: Job
metadata: {{name: {name}, annotations: {{slipway.dev/hook: {hook}}}}}
spec:
  template:
    spec: {{restartPolicy: Never, containers: [{{name: {name}, image: "shop/{name}:1"}}]}}
"""

    late = worker("late").replace(
        "metadata: {name: late}", 'metadata: {name: late, annotations: {slipway.dev/wave: "2"}}'
    )
    more = "---\n".join([job("migrate", "pre-deploy"), job("warm", "post-deploy"), late])
    journey.deployed("1.0.0", shop(more=more))
    order = [name.rsplit("-", 1)[0] if "Job" in name else name for name in journey.tap.names()]
    assert order[-4:] == [
        "apply Job migrate",
        "apply Deployment web",
        "apply Deployment late",
        "apply Job warm",
    ]
    journey.tap.clear()
    again = journey.steer("reapply", of_target(journey))
    journey.succeeded(again)
    assert journey.tap.writes == []


def of_target(journey: Journey) -> Any:
    """What `reapply` is told: a target's id in place of a rollout's."""
    return type("Named", (), {"id": journey.target().id})


def test_a_refusal_after_the_namespace_was_made_takes_it_back(journey: Journey) -> None:
    bad = "apiVersion: v1\nkind: Service\nmetadata: {name: bad}\nspec: {ports: [{port: 700000}]}\n"
    rollout = journey.start(journey.release("1.0.0", shop(more=bad)))
    row = journey.ended(rollout)
    assert row.phase == "failed"
    assert row.end_reason.startswith("Service bad was refused: ")
    assert journey.tap.names() == [
        f"apply Namespace {journey.namespace()}",
        f"delete Namespace {journey.namespace()}",
    ]
    assert not journey.target().created_namespace


def test_a_kind_and_its_first_object_come_in_one_release(journey: Journey) -> None:
    group = f"{journey.application.slug}.example.com"
    crd = f"""
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: gadgets.{group}}}
spec:
  group: {group}
  scope: Namespaced
  names: {{plural: gadgets, singular: gadget, kind: Gadget}}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {{openAPIV3Schema: {{type: object, x-kubernetes-preserve-unknown-fields: true}}}}
---
apiVersion: {group}/v1
kind: Gadget
metadata: {{name: first}}
spec: {{size: 3}}
"""
    journey.environment(allowed_cluster_kinds=["CustomResourceDefinition.apiextensions.k8s.io"])
    key = ObjectKey("apiextensions.k8s.io", "CustomResourceDefinition", "", f"gadgets.{group}")
    if not journey.cluster.facts().serves(key.group, key.kind):
        pytest.skip("this cluster serves no CustomResourceDefinitions")
    try:
        journey.deployed("1.0.0", crd)
        found = journey.cluster.read(ObjectKey(group, "Gadget", journey.namespace(), "first"))
        assert found is not None
        assert found["spec"] == {"size": 3}
    finally:
        journey.cluster.delete(key, precondition=None, propagation=Propagation.BACKGROUND)


def test_a_namespace_that_is_going_is_waited_for(journey: Journey) -> None:
    journey.deployed("1.0.0", shop())
    namespace = ObjectKey("", "Namespace", "", journey.namespace())
    journey.cluster.delete(namespace, precondition=None, propagation=Propagation.BACKGROUND)
    rollout = journey.start(journey.release("1.1.0", shop("shop/web:2")))
    journey.succeeded(rollout)
    assert journey.image() == "shop/web:2"


def test_a_field_that_is_said_now_and_stood_there_already_becomes_ours(journey: Journey) -> None:
    journey.deployed("1.0.0", shop())
    said = shop().replace("spec:\n  replicas: 2", "spec:\n  progressDeadlineSeconds: 600\n  replicas: 2")
    rollout = journey.deployed("1.1.0", said)
    assert journey.plan(rollout)["Deployment web"] == "change"
    assert journey.differences() == []


def test_an_object_of_another_target_is_refused(journey: Journey) -> None:
    journey.environment("staging", namespace_template="{application}-shared")
    journey.environment("production", namespace_template="{application}-shared")
    release = journey.release("1.0.0", shop())
    journey.succeeded(journey.start(release, "staging"))
    journey.tap.clear()
    row = journey.ended(journey.start(release, "production"))
    assert row.phase == "failed"
    assert "it belongs to another target" in row.end_reason
    assert journey.tap.writes == []
    assert journey.differences("staging") == []


def test_what_the_target_forbids_or_the_cluster_does_not_know_is_named_and_nothing_applied(
    journey: Journey,
) -> None:
    more = """
apiVersion: v1
kind: ConfigMap
metadata: {name: there, namespace: kube-system}
---
apiVersion: example.com/v1
kind: Nothing
metadata: {name: nowhere}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: everything}
"""
    rollout = journey.start(journey.release("1.0.0", shop(more=more)))
    row = journey.ended(rollout)
    assert row.phase == "failed"
    assert row.end_reason.endswith("(and 2 more).")
    with journey.scope():
        problems = rollout.plans.latest("number").body["plan"]["problems"]
    assert sorted(problem.partition(":")[0] for problem in problems) == [
        "ClusterRole everything",
        "ConfigMap there",
        "Nothing nowhere",
    ]
    assert journey.tap.writes == []
    assert journey.target().needs_person_since is None


def test_a_plan_is_made_anew_when_another_release_came_to_stand_there_meanwhile(journey: Journey) -> None:
    first = journey.deployed("1.0.0", shop())
    journey.deployed("1.1.0", shop("shop/web:2"))
    rollout = journey.start(journey.release("1.2.0", shop("shop/web:3")))

    def another_stands_there(method: str, what: str, writes: bool) -> None:
        if method == "apply" and not writes:
            journey.tap.before = lambda method, what, writes: None
            with journey.scope():
                Target.objects.filter(id=rollout.target_id).update(live_release_id=first.release_id)
            connection.close()  # of the thread that asks the cluster

    journey.tap.before = another_stands_there
    row = journey.succeeded(rollout)
    assert row.way_back_release is not None
    assert row.way_back_release.version == "1.0.0"
    assert row.policy["way_back_label"] == "1.0.0"


def test_scopes_are_left_as_they_were(journey: Journey) -> None:
    journey.deployed("1.0.0", shop())
    assert scopes.current() is None
