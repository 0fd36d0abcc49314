from __future__ import annotations

from slipway.engine.manifests import Layer, PreparedObject
from slipway.engine.objects import ObjectKey
from slipway.engine.steps import CHECK, Step, StepKind
from slipway.engine.strategies import lay_out


def prepared(kind: str, name: str, layer: Layer, wave: int = 0) -> PreparedObject:
    return PreparedObject(ObjectKey("", kind, "shop", name), {}, layer, wave)


OBJECTS = [
    prepared("Namespace", "shop", Layer.FOUNDATION),
    prepared("ConfigMap", "conf", Layer.CONFIGURATION),
    prepared("Job", "migrate", Layer.PRE_DEPLOY),
    prepared("Deployment", "api", Layer.WORKLOADS, -1),
    prepared("Deployment", "web", Layer.WORKLOADS, 2),
    prepared("Deployment", "worker", Layer.WORKLOADS, 2),
    prepared("Ingress", "web", Layer.ROUTES),
    prepared("Job", "smoke", Layer.POST_DEPLOY),
]
GONE = [ObjectKey("", "Service", "shop", "old")]


def test_layers_and_waves_come_in_order_each_awaited_where_something_can_be_unhealthy():
    steps = lay_out(OBJECTS, GONE)
    assert [(step.title, step.awaits) for step in steps] == [
        ("Check the plan", False),
        ("Namespaces and kinds", True),
        ("Configuration and services", False),
        ("Jobs before", True),
        ("Workloads, wave -1", True),
        ("Workloads, wave 2", True),
        ("Routes and scaling", False),
        ("Jobs after", True),
        ("Remove what is gone", True),
    ]
    assert [key.name for key in steps[5].keys] == ["web", "worker"]
    assert steps[-1].keys == tuple(GONE)


def test_every_object_is_in_exactly_one_step():
    steps = lay_out(OBJECTS, GONE)
    assert sorted(key for step in steps for key in step.keys) == sorted(
        [*(item.key for item in OBJECTS), *GONE]
    )


def test_the_last_step_is_always_awaited_so_that_everything_is_looked_at_once_more():
    assert lay_out(OBJECTS[:2], [])[-1].awaits
    assert lay_out([], GONE)[-1].awaits


def test_nothing_to_do_is_the_check_alone():
    assert lay_out([], []) == (CHECK,)


def test_steps_survive_being_stored():
    for step in lay_out(OBJECTS, GONE):
        assert Step.from_json(step.to_json()) == step


def test_the_check_is_no_write():
    assert CHECK.kind is StepKind.CHECK
    assert CHECK.keys == ()
