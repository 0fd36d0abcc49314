"""Services, routes, claims, autoscalers, namespaces, CRDs, and kinds that nobody told us of."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.engine.health import Health
from slipway.engine.objects import Manifest
from tests.engine.health.looking import live, look, pod

ADDRESSED = {"loadBalancer": {"ingress": [{"ip": "203.0.113.9"}]}}
NAMED = {"loadBalancer": {"ingress": [{"hostname": "shop.example.net"}]}}


def service(kind: str, **status: Any) -> Manifest:
    return live("Service", spec={"type": kind}, status=status)


def claim(phase: str) -> Manifest:
    return live("PersistentVolumeClaim", "data", status={"phase": phase})


def custom(*conditions: tuple[str, str], **status: Any) -> Manifest:
    listed = [{"type": kind, "status": value, "message": "in its words"} for kind, value in conditions]
    return live("Cache", api="example.net/v1", status={"conditions": listed} | status)


CASES = {
    "a Service": (service("ClusterIP"), Health.HEALTHY, "present"),
    "a LoadBalancer without an address": (
        service("LoadBalancer"),
        Health.HEALTHY,
        "no address yet; not waited for",
    ),
    "a LoadBalancer with an address": (
        service("LoadBalancer", **ADDRESSED),
        Health.HEALTHY,
        "at 203.0.113.9",
    ),
    "an Ingress without an address": (live("Ingress"), Health.HEALTHY, "no address yet; not waited for"),
    "an Ingress with a name": (live("Ingress", status=NAMED), Health.HEALTHY, "at shop.example.net"),
    "a bound claim": (claim("Bound"), Health.HEALTHY, "bound"),
    "a claim that nobody waits for": (
        claim("Pending"),
        Health.HEALTHY,
        "not bound yet; no pod waits for it",
    ),
    "a claim whose volume is gone": (claim("Lost"), Health.DEGRADED, "its volume is gone"),
    "an autoscaler": (live("HorizontalPodAutoscaler"), Health.HEALTHY, "present"),
    "an autoscaler that cannot scale": (
        live(
            "HorizontalPodAutoscaler",
            status={
                "conditions": [
                    {"type": "AbleToScale", "status": "False", "message": "the target was not found"}
                ]
            },
        ),
        Health.PROGRESSING,
        "the target was not found",
    ),
    "a Namespace": (live("Namespace", status={"phase": "Active"}), Health.HEALTHY, "active"),
    "a Namespace that goes": (
        live("Namespace", status={"phase": "Terminating"}),
        Health.PROGRESSING,
        "is being deleted",
    ),
    "a new CRD": (live("CustomResourceDefinition"), Health.PROGRESSING, "not established yet"),
    "a CRD": (
        live(
            "CustomResourceDefinition",
            status={"conditions": [{"type": "Established", "status": "True"}]},
        ),
        Health.HEALTHY,
        "established",
    ),
    "a CRD whose names are taken": (
        live(
            "CustomResourceDefinition",
            status={
                "conditions": [
                    {"type": "NamesAccepted", "status": "False", "message": '"caches" is already in use'}
                ]
            },
        ),
        Health.DEGRADED,
        '"caches" is already in use',
    ),
    "a ConfigMap": (live("ConfigMap", data={}), Health.HEALTHY, "present"),
    "an unknown kind without conditions": (live("Cache", api="example.net/v1"), Health.HEALTHY, "present"),
    "an unknown kind that is ready": (custom(("Ready", "True")), Health.HEALTHY, "present"),
    "an unknown kind that is not ready": (
        custom(("Ready", "False")),
        Health.PROGRESSING,
        "not ready: in its words",
    ),
    "an unknown kind that reconciles": (
        custom(("Reconciling", "True"), ("Ready", "True")),
        Health.PROGRESSING,
        "in its words",
    ),
    "an unknown kind that stalls": (
        custom(("Stalled", "True"), ("Reconciling", "True")),
        Health.DEGRADED,
        "Stalled: in its words",
    ),
    "an unknown kind whose controller is behind": (
        custom(("Ready", "True"), observedGeneration=1),
        Health.PROGRESSING,
        "its controller has not seen the change yet",
    ),
    "an unknown kind whose status is no mapping": (
        live("Cache", api="example.net/v1", status="fine"),
        Health.HEALTHY,
        "present",
    ),
    "an unknown kind whose conditions are no list": (
        live("Cache", api="example.net/v1", status={"conditions": 3}),
        Health.HEALTHY,
        "present",
    ),
    "anything that is being deleted": (
        live("Service", metadata={"deletionTimestamp": "2026-05-04T12:00:00Z"}),
        Health.PROGRESSING,
        "is being deleted",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_an_object_is_judged_by_its_kind(case: str):
    given, health, sentence = CASES[case]
    verdict = look(given)
    assert (verdict.health, verdict.sentence) == (health, sentence)


@pytest.mark.parametrize("given", [service("LoadBalancer"), live("Ingress")], ids=lambda given: given["kind"])
def test_an_environment_may_wait_for_addresses(given: Manifest):
    verdict = look(given, wait_for_addresses=True)
    assert (verdict.health, verdict.sentence) == (Health.PROGRESSING, "has no address yet")


def test_a_claim_that_a_pending_pod_mounts_is_waited_for():
    waits = pod(None, phase="Pending")
    waits["spec"] = {"volumes": [{"persistentVolumeClaim": {"claimName": "data"}}]}
    verdict = look(claim("Pending"), waits)
    assert (verdict.health, verdict.sentence) == (
        Health.PROGRESSING,
        "not bound yet, and a pod waits for it",
    )


def test_a_refused_custom_resource_definition_cannot_heal():
    given, _, _ = CASES["a CRD whose names are taken"]
    assert look(given).cannot_heal
