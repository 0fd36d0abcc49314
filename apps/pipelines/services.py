"""The implicit pipeline: environments in order. Woken by outbox; the engine says where a release goes next."""

from __future__ import annotations

from uuid import UUID

import structlog

from apps.audit.services import POLICY
from apps.core import scopes
from apps.core.problems import Problem
from apps.environments.models import Environment, Target
from apps.releases.models import Release
from apps.rollouts.models import Rollout
from apps.rollouts.services.starting import start_automatically
from slipway.engine.phases import ACTIVE, QUEUED
from slipway.engine.promotion import Mode, Promotion, Stage, promote

log = structlog.get_logger(__name__)

_RUNNING = [str(phase) for phase in ACTIVE | QUEUED]


def promote_release(organization_id: UUID, release_id: UUID, *, succeeded_in: UUID | None) -> list[Rollout]:
    """Idempotent: a start that is there already is found, not made again."""
    with scopes.organization(organization_id):
        release = Release.objects.select_related("application").get(id=release_id)
        environments = list(Environment.objects.order_by("position"))
        origin = next((environment for environment in environments if environment.id == succeeded_in), None)
        if origin is not None and not _stands_everywhere(release, origin):
            return []
        targets = list(
            Target.objects.filter(
                application_id=release.application_id, removed_at__isnull=True
            ).select_related("application", "environment", "cluster")
        )
        stages = [_stage(environment, targets) for environment in environments]
        promotion = promote(stages, release=release.number, succeeded_in=origin.slug if origin else None)
        if promotion is None:
            return []
        return _start(
            promotion,
            release,
            [target for target in targets if target.environment.slug == promotion.environment],
        )


def _start(promotion: Promotion, release: Release, targets: list[Target]) -> list[Rollout]:
    started = []
    for target in targets:
        try:
            started.append(start_automatically(POLICY, target, release, why=promotion.why).rollout)
        except Problem as problem:
            log.info(
                "promotion_held", target=str(target.id), release=release.version, sentence=problem.sentence
            )
    return started


def _stands_everywhere(release: Release, environment: Environment) -> bool:
    standing = Target.objects.filter(
        application_id=release.application_id, environment_id=environment.id, removed_at__isnull=True
    ).values_list("live_release_id", flat=True)
    return all(live == release.id for live in standing)


def _stage(environment: Environment, targets: list[Target]) -> Stage:
    here = [target for target in targets if target.environment_id == environment.id]
    wanted = Rollout.objects.filter(
        target_id__in=[target.id for target in here], phase__in=_RUNNING
    ).values_list("release__number", flat=True)
    numbers = [target.live_number for target in here]
    standing = min((number for number in numbers if number is not None), default=None)
    return Stage(
        environment=environment.slug,
        mode=Mode(environment.delivery_mode),
        standing=standing if all(number is not None for number in numbers) else None,
        wanted=max(wanted, default=None),
    )
