"""Rolling and recreate: layer by layer, wave by wave, each awaited where something can be unhealthy.

They differ in what is sent (recreate stops a Deployment's old pods first), not in the order.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from slipway.engine.manifests import Layer, PreparedObject
from slipway.engine.objects import ObjectKey
from slipway.engine.steps import CHECK, Step, StepKind

_TITLES = {
    Layer.FOUNDATION: "Namespaces and kinds",
    Layer.CONFIGURATION: "Configuration and services",
    Layer.PRE_DEPLOY: "Jobs before",
    Layer.WORKLOADS: "Workloads",
    Layer.ROUTES: "Routes and scaling",
    Layer.POST_DEPLOY: "Jobs after",
}
_AWAITED = frozenset({Layer.FOUNDATION, Layer.PRE_DEPLOY, Layer.WORKLOADS, Layer.POST_DEPLOY})


def lay_out(objects: Sequence[PreparedObject], pruned: Sequence[ObjectKey]) -> tuple[Step, ...]:
    """`objects` in apply order. The check comes first, pruning after health, last of all."""
    steps = [CHECK]
    waves = {layer: len({item.wave for item in objects if item.layer is layer}) for layer in Layer}
    for (layer, wave), group in groupby(objects, key=lambda item: (item.layer, item.wave)):
        title = f"{_TITLES[layer]}, wave {wave}" if waves[layer] > 1 else _TITLES[layer]
        steps.append(Step(StepKind.APPLY, title, tuple(item.key for item in group), awaits=layer in _AWAITED))
    if pruned:
        steps.append(Step(StepKind.PRUNE, "Remove what is gone", tuple(pruned)))
    # Health of everything, once more, after the last write.
    if len(steps) > 1 and not steps[-1].awaits:
        last = steps.pop()
        steps.append(Step(last.kind, last.title, last.keys, awaits=True))
    return tuple(steps)
