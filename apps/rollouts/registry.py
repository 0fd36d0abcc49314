"""Upward questions: higher apps answer for a rollout's gates without being imported here.

A source reads facts under the rollout's lock; the verdict on them is the engine's.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from apps.organizations.access import Actor
from apps.rollouts.models import Rollout
from slipway.engine.gates import GateAnswer

GateSource = Callable[[Rollout, datetime], list[GateAnswer]]

_sources: dict[str, GateSource] = {}

WhyNot = Callable[[Actor, Rollout], str]
"""Why this person may not approve, whatever their role; "" when nothing stands in the way."""

_why_not: dict[str, WhyNot] = {}


def register_gate_source(name: str, source: GateSource) -> None:
    """From a higher app's `AppConfig.ready()`; the name makes a second registration replace the first."""
    _sources[name] = source


def register_why_not_approve(name: str, why_not: WhyNot) -> None:
    """As gate sources are."""
    _why_not[name] = why_not


def why_not_approve(actor: Actor, rollout: Rollout) -> str:
    return next((words for asked in _why_not.values() if (words := asked(actor, rollout))), "")


def gate_sources() -> list[GateSource]:
    return list(_sources.values())
