"""What an approval signs: everything that the plan changes, nothing that merely moves."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.engine.diff import FieldChange
from slipway.engine.objects import ObjectKey
from slipway.engine.plans import Plan, PlannedObject, Verb
from tests.engine.plans.planning import KEY, answered, live, planned

OTHER = ObjectKey("", "Service", "shop", "web")
CHANGED = PlannedObject(
    KEY,
    Verb.CHANGE,
    (FieldChange("spec.replicas", 3, 4), FieldChange("spec.paused", None, True)),
    uid="u1",
    resource_version="41",
    taken_over=(("spec.replicas", "kubectl"),),
)
PLAN = Plan(
    target="t1",
    release_digest="abc",
    way_back_digest="def",
    way_back_label="v1",
    step_titles=("Check the plan", "Workloads"),
    objects=(CHANGED, PlannedObject(OTHER, Verb.PRUNE, uid="u2", resource_version="8")),
)


def with_first(change: Callable[[PlannedObject], PlannedObject]) -> Plan:
    return replace(PLAN, objects=(change(PLAN.objects[0]), *PLAN.objects[1:]))


MEANT = {
    "the target": replace(PLAN, target="t2"),
    "the release": replace(PLAN, release_digest="abd"),
    "the way back": replace(PLAN, way_back_digest=""),
    "the steps": replace(PLAN, step_titles=("Check the plan", "Workloads, wave 1", "Workloads, wave 2")),
    "the order of steps": replace(PLAN, step_titles=("Workloads", "Check the plan")),
    "one object fewer": replace(PLAN, objects=PLAN.objects[:1]),
    "a problem": replace(PLAN, problems=("Service web: it has no metadata.name",)),
    "which object": with_first(lambda one: replace(one, key=replace(KEY, name="web2"))),
    "which namespace": with_first(lambda one: replace(one, key=replace(KEY, namespace="shop2"))),
    "the uid": with_first(lambda one: replace(one, uid="u9")),
    "the verb": with_first(lambda one: replace(one, verb=Verb.REPLACE)),
    "a value that is set": with_first(
        lambda one: replace(one, changes=(FieldChange("spec.replicas", 3, 5), one.changes[1]))
    ),
    "the value before it": with_first(
        lambda one: replace(one, changes=(FieldChange("spec.replicas", 2, 4), one.changes[1]))
    ),
    "a field": with_first(
        lambda one: replace(one, changes=(FieldChange("spec.minReadySeconds", 3, 4), one.changes[1]))
    ),
    "one change fewer": with_first(lambda one: replace(one, changes=one.changes[:1])),
    "what is taken over": with_first(lambda one: replace(one, taken_over=())),
    "from whom it is taken": with_first(lambda one: replace(one, taken_over=(("spec.replicas", "helm"),))),
    "a refusal": with_first(lambda one: replace(one, refusal="no")),
}


@pytest.mark.parametrize("case", MEANT)
def test_another_plan_has_another_digest(case: str):
    assert MEANT[case].digest != PLAN.digest


MOVED = {
    "a status write": with_first(lambda one: replace(one, resource_version="99")),
    "a note": with_first(lambda one: replace(one, notes=("it is large",))),
    "the order of objects": replace(PLAN, objects=PLAN.objects[::-1]),
    "the order of changes": with_first(lambda one: replace(one, changes=one.changes[::-1])),
    "an object that is as it should be": replace(
        PLAN, objects=(*PLAN.objects, PlannedObject(replace(OTHER, name="x"), Verb.UNCHANGED, uid="u3"))
    ),
    "how the way back is called": replace(PLAN, way_back_label="v1 (again)"),
}


@pytest.mark.parametrize("case", MOVED)
def test_the_same_plan_keeps_its_digest_although_this_moved(case: str):
    assert MOVED[case].digest == PLAN.digest


def digest_of(standing, answer) -> str:
    return replace(PLAN, objects=(planned(standing, answered(answer)),)).digest


def test_status_and_generation_of_the_live_object_are_no_part_of_it():
    moved = live(resourceVersion="77", generation=12)
    moved["status"] = {"readyReplicas": 1}
    assert digest_of(moved, live(image="web:2")) == digest_of(live(), live(image="web:2"))


def test_replicas_that_an_autoscaler_owns_are_no_part_of_it():
    """What is sent carries the live number, so the server answers with it, whatever it is at the moment."""
    assert digest_of(live(3), live(3, image="web:2")) == digest_of(live(9), live(9, image="web:2"))


@given(st.randoms())
def test_the_order_of_many_objects_never_matters(shuffled: random.Random):
    many = [replace(CHANGED, key=replace(KEY, name=str(number))) for number in range(8)]
    mixed = list(many)
    shuffled.shuffle(mixed)
    assert replace(PLAN, objects=tuple(mixed)).digest == replace(PLAN, objects=tuple(many)).digest


def test_a_plan_survives_being_stored():
    stored = Plan.from_json(PLAN.to_json())
    assert stored == PLAN
    assert stored.digest == PLAN.digest


@pytest.mark.parametrize(
    ("verbs", "sentence", "deleted", "empty"),
    [
        ((), "Nothing changes: 0 objects are as they should be.", 0, True),
        ((Verb.UNCHANGED,) * 3, "Nothing changes: 3 objects are as they should be.", 0, True),
        (
            (Verb.CREATE, Verb.CHANGE, Verb.CHANGE, Verb.UNCHANGED, Verb.KEEP),
            "1 created, 2 changed; 1 unchanged.",
            0,
            False,
        ),
        (
            (Verb.REPLACE, Verb.PRUNE, Verb.PRUNE, Verb.REFUSE),
            "1 replaced, 2 deleted, 1 refused.",
            3,
            False,
        ),
    ],
)
def test_a_plan_is_one_sentence(verbs: tuple[Verb, ...], sentence: str, deleted: int, empty: bool):
    plan = replace(
        PLAN, objects=tuple(PlannedObject(replace(KEY, name=str(n)), verb) for n, verb in enumerate(verbs))
    )
    assert (plan.sentence, plan.deleted, plan.is_empty) == (sentence, deleted, empty)
