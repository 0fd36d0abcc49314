"""All objects together: the sentence of the rollout, the pods' owners, the worst of many."""

from __future__ import annotations

from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from slipway.engine.health import Assessment, Health, ObjectHealth, assess
from slipway.engine.objects import ObjectKey
from tests.engine.health.looking import container, deployment, live, pod, replica_set

healths = st.sampled_from(list(Health))


def judged(*verdicts: Health) -> Assessment:
    return Assessment(
        tuple(
            ObjectHealth(ObjectKey("", "Service", "shop", str(number)), health, "")
            for number, health in enumerate(verdicts)
        ),
        (),
    )


@given(st.lists(healths), st.randoms())
def test_the_worst_of_many_does_not_depend_on_their_order(verdicts: list[Health], random):
    mixed = list(verdicts)
    random.shuffle(mixed)
    assert judged(*verdicts).worst is judged(*mixed).worst


@given(st.lists(healths), st.lists(healths))
def test_the_worst_of_many_does_not_depend_on_how_they_are_grouped(one: list[Health], other: list[Health]):
    assert judged(*one, *other).worst is reduce(max, [judged(*one).worst, judged(*other).worst])


def test_severity_is_ordered_as_operators_think():
    assert sorted(Health) == [
        Health.HEALTHY,
        Health.SUSPENDED,
        Health.PROGRESSING,
        Health.UNKNOWN,
        Health.MISSING,
        Health.DEGRADED,
    ]


WEB = deployment(updatedReplicas=3, availableReplicas=1, replicas=3)
SET = replica_set(WEB, 2)
PULLS = pod(
    SET,
    "web-2-a",
    containerStatuses=[container(state={"waiting": {"reason": "InvalidImageName"}})],
)
SERVICE = live("Service", spec={"type": "ClusterIP"})
KEYS = {ObjectKey.of(WEB): WEB, ObjectKey.of(SERVICE): SERVICE}


def test_one_sentence_says_how_far_it_is_and_what_is_worst():
    facts = assess(KEYS, [SET, PULLS], []).facts(KEYS)
    expected = (
        "Deployment web: 1 of 3 pods ready; web-2-a: InvalidImageName in web: image web:9 cannot be pulled"
    )
    assert facts.sentence == f"0 of 1 workloads healthy; {expected}"
    assert facts.cannot_heal == expected
    assert facts.degraded == expected
    assert not facts.all_healthy


def test_only_what_was_written_so_far_counts():
    facts = assess(KEYS, [SET, PULLS], []).facts([ObjectKey.of(SERVICE)])
    assert facts.all_healthy
    assert facts.sentence == "1 of 1 objects healthy"
    assert (facts.cannot_heal, facts.degraded) == ("", "")


def test_nothing_written_is_nothing_to_wait_for():
    facts = assess({}, [], []).facts([])
    assert facts.all_healthy
    assert facts.sentence == "nothing to wait for"


def test_an_object_that_is_gone_is_said_to_be():
    key = ObjectKey.of(SERVICE)
    (verdict,) = assess({key: None}, [], []).objects
    assert (verdict.health, verdict.sentence) == (Health.MISSING, "is not there")


def test_a_pod_is_found_by_its_owners_and_not_by_its_labels():
    stranger = pod(None, "web-2-z")
    found = {item.name: item for item in assess(KEYS, [SET, PULLS, stranger], []).pods}
    assert found["web-2-a"].owner == ObjectKey.of(WEB)
    assert found["web-2-a"].replica_set == "web-2"
    assert found["web-2-a"].is_new
    assert found["web-2-z"].owner is None
