"""A plan: the release's stored manifests, made ready for one target, held against the live cluster by dry runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.conf import settings

from apps.clusters.services import connect
from apps.core import scopes
from apps.core.encryption import open_json, organization_key
from apps.releases.services.documents import documents_for
from apps.rollouts.models import AppliedSet, InventoryItem, Rollout
from slipway.engine.manifests import PreparedObject, TargetContext, prepare, prepared_from_json
from slipway.engine.objects import ObjectKey
from slipway.engine.phases import Phase
from slipway.engine.plans import Plan, Verb
from slipway.engine.state import PlanFacts
from slipway.engine.steps import Step
from slipway.engine.strategies import lay_out
from slipway.ports.clusters import Cluster, ClusterFacts


@dataclass(frozen=True, slots=True)
class Source:
    """What planning needs of the database, read before the cluster is asked."""

    rollout_id: UUID
    organization_id: UUID
    target_id: UUID
    namespace: str
    allowed_namespaces: frozenset[str]
    allowed_cluster_kinds: frozenset[tuple[str, str]]
    image_overrides: Mapping[str, str]
    require_digests: bool
    ignore_rules: tuple[str, ...]
    strategy: str
    release_digest: str
    way_back_digest: str
    way_back_label: str
    documents: tuple[dict[str, Any], ...]
    stored: tuple[PreparedObject, ...] | None  # a rollback applies again what was applied then
    inventory: Mapping[ObjectKey, InventoryItem]


@dataclass(frozen=True, slots=True)
class Planned:
    plan: Plan
    steps: tuple[Step, ...]
    objects: tuple[PreparedObject, ...]  # as they will be sent
    lives: Mapping[ObjectKey, dict[str, Any] | None]

    @property
    def facts(self) -> PlanFacts:
        refusals = tuple(
            f"{planned.key.label}: {planned.refusal}"
            for planned in self.plan.objects
            if planned.verb is Verb.REFUSE
        )
        return PlanFacts(self.plan.digest, self.plan.sentence, self.steps, refusals + self.plan.problems)

    def to_json(self) -> dict[str, Any]:
        return {"plan": self.plan.to_json(), "steps": [step.to_json() for step in self.steps]}


def source_of(rollout: Rollout) -> Source:
    """Inside the organization's scope."""
    target, environment, application = rollout.target, rollout.environment, rollout.application
    stored = _stored_set(rollout) if rollout.kind == "rollback" else None
    way_back = rollout.way_back_release
    return Source(
        rollout_id=rollout.id,
        organization_id=rollout.organization_id,
        target_id=target.id,
        namespace=target.namespace,
        allowed_namespaces=frozenset(environment.allowed_namespaces),
        allowed_cluster_kinds=frozenset(_kind(text) for text in environment.allowed_cluster_kinds),
        image_overrides=target.image_overrides,
        require_digests=application.require_digests,
        ignore_rules=tuple(application.ignore_rules),
        strategy=rollout.policy["strategy"],
        release_digest=bytes(rollout.release.digest).hex(),
        way_back_digest=bytes(way_back.digest).hex() if way_back else "",
        way_back_label=way_back.version if way_back else "",
        documents=() if stored else documents_for(rollout.release, environment),
        stored=stored,
        inventory={
            ObjectKey.parse(item.key): item for item in InventoryItem.objects.filter(target_id=target.id)
        },
    )


def plan_rollout(source: Source, cluster: Cluster) -> Planned:
    """No transaction around this: it asks the cluster. Raises `ClusterError`s that the caller turns into waits."""
    raise NotImplementedError
