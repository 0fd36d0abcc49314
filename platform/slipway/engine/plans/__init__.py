"""What a rollout will change, object by object. Pure."""

from slipway.engine.plans.autoscaling import autoscaled, omit_replicas
from slipway.engine.plans.classify import DryRun, DryRunKind, classify, prunes
from slipway.engine.plans.plan import Plan, PlannedObject, Verb

__all__ = [
    "DryRun",
    "DryRunKind",
    "Plan",
    "PlannedObject",
    "Verb",
    "autoscaled",
    "classify",
    "omit_replicas",
    "prunes",
]
