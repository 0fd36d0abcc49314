"""Upward questions: higher apps answer for a rollout's gates without being imported here.

A source reads facts under the rollout's lock; the verdict on them is the engine's.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from apps.rollouts.models import Rollout
from slipway.engine.gates import GateAnswer

GateSource = Callable[[Rollout, datetime], list[GateAnswer]]

_sources: dict[str, GateSource] = {}


def register_gate_source(name: str, source: GateSource) -> None:
    """From a higher app's `AppConfig.ready()`; the name makes a second registration replace the first."""
    _sources[name] = source


def gate_sources() -> list[GateSource]:
    return list(_sources.values())
