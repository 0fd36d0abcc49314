"""Before a rollout begins: for each target what is live there, what will happen, and why one may not."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from apps.dashboard.marks import Mark, health_mark, phase_mark
from apps.dashboard.words import count
from apps.environments.models import Target
from apps.organizations.access import Actor, Right, decide
from apps.releases.models import Release
from apps.rollouts.models import Rollout
from slipway.engine.phases import ACTIVE, QUEUED, Kind, Phase

_RUNNING = [str(phase) for phase in ACTIVE | QUEUED]


@dataclass(frozen=True, slots=True)
class Place:
    """One target as the dialog lists it."""

    id: UUID
    environment: str
    environment_slug: str
    cluster: str  # "" where the environment has one only
    simulated: bool
    live: str  # the version that stands there; "" for none
    mark: Mark
    sentences: tuple[str, ...]  # what will happen, in order
    warnings: tuple[str, ...]
    why_not: str  # "" when it may be chosen
    chosen: bool
    rollout_number: int | None  # the one that is there already


@dataclass(frozen=True, slots=True)
class StartPicture:
    release: Release
    back: bool
    places: tuple[Place, ...]

    @property
    def verb(self) -> str:
        return "Roll back to" if self.back else "Promote"

    @property
    def possible(self) -> bool:
        return any(not place.why_not for place in self.places)


def start_picture(
    actor: Actor,
    release: Release,
    targets: Sequence[Target],
    *,
    back: bool = False,
    chosen: Collection[UUID] | None = None,
    environment: str = "",
) -> StartPicture:
    """Three queries for any number of targets. `chosen` are those that were ticked; None: nobody ticked any yet,
    then those of `environment`, or the next one on the way."""
    running: dict[UUID, list[Rollout]] = {}
    for row in (
        Rollout.objects.filter(target__in=list(targets), phase__in=_RUNNING)
        .select_related("release")
        .order_by("created_at")
    ):
        running.setdefault(row.target_id, []).append(row)
    stood = set(
        Rollout.objects.filter(
            target__in=list(targets), release_id=release.id, phase=Phase.SUCCEEDED
        ).values_list("target_id", flat=True)
    )
    if chosen is None:
        chosen = _suggested(release, targets, back=back, environment=environment)
    several = _several(targets)
    places = []
    for target in targets:
        here = running.get(target.id, [])
        why_not, number = _why_not(actor, release, target, here, back=back, stood=target.id in stood)
        active = next((row for row in here if Phase(row.phase).is_active), None)
        places.append(
            Place(
                id=target.id,
                environment=target.environment.name,
                environment_slug=target.environment.slug,
                cluster=target.cluster.name if target.environment_id in several else "",
                simulated=target.cluster.simulated,
                live=target.live_version or "",
                mark=phase_mark(active.phase, active.kind)
                if active
                else health_mark(target.health)
                if target.live_version
                else Mark("unknown", "nothing yet"),
                sentences=() if why_not else _happens(release, target, here, back=back),
                warnings=() if why_not else _warnings(target),
                why_not=why_not,
                chosen=target.id in chosen and not why_not,
                rollout_number=number,
            )
        )
    return StartPicture(release, back, tuple(places))


def _suggested(
    release: Release, targets: Sequence[Target], *, back: bool, environment: str
) -> frozenset[UUID]:
    """Those of the environment that was named; else the first on the way where it is not live yet."""
    if environment:
        return frozenset(target.id for target in targets if target.environment.slug == environment)
    if back:
        return frozenset()
    for target in targets:
        if (target.live_number or 0) < release.number:
            return frozenset(
                other.id
                for other in targets
                if other.environment_id == target.environment_id and (other.live_number or 0) < release.number
            )
    return frozenset()


def _several(targets: Sequence[Target]) -> set[UUID]:
    seen: set[UUID] = set()
    twice: set[UUID] = set()
    for target in targets:
        (twice if target.environment_id in seen else seen).add(target.environment_id)
    return twice


def _why_not(
    actor: Actor, release: Release, target: Target, here: Sequence[Rollout], *, back: bool, stood: bool
) -> tuple[str, int | None]:
    place = target.environment_id
    unattended = target.environment.approvals_needed == 0
    again = not back and target.live_release_id == release.id
    right = Right.STEER if back or again else Right.START_UNAPPROVED if unattended else Right.START
    decision = decide(actor, right, environment_id=place, application_id=target.application_id)
    if not decision.allowed:
        return decision.why, None
    if back and not stood:
        return f"{release.version} never succeeded here, so there is nothing to go back to.", None
    if back and target.live_release_id == release.id and not here:
        return f"{release.version} is what stands here.", None
    kind = Kind.ROLLBACK if back else Kind.REAPPLY if again else Kind.FORWARD
    for row in here:
        if row.release_id == release.id and row.kind == kind:
            return f"Rollout {row.number} puts {release.version} here already.", row.number
    return "", None


def _happens(release: Release, target: Target, here: Sequence[Rollout], *, back: bool) -> tuple[str, ...]:
    found = [_distance(release, target)]
    active = next((row for row in here if Phase(row.phase).is_active), None)
    queued = next((row for row in here if not Phase(row.phase).is_active), None)
    needed = target.environment.approvals_needed
    if back and target.live_release_id == release.id:
        found.append("No approval is needed: it is the release that last succeeded here.")
    elif needed:
        found.append(f"Needs {count(needed, 'approval')}, not your own.")
    elif active is None:
        found.append("Needs no approval: it begins as soon as it is planned.")
    if queued is not None:
        found.append(
            f"Supersedes {queued.release.version}, which {queued.requested_by_label} asked for and which "
            f"{'waits' if queued.phase == Phase.WAITING else 'is being planned'} here (rollout {queued.number})."
        )
    if active is not None:
        found.append(
            f"Waits until {active.release.version} has ended here: rollout {active.number} holds the slot, "
            f"{phase_mark(active.phase, active.kind).word}."
        )
    return tuple(found)


def _distance(release: Release, target: Target) -> str:
    if target.live_number is None or target.live_version is None:
        return "The first release here."
    between = release.number - target.live_number
    if not between:
        return "It is live here already: only what was changed since is written again."
    far = count(abs(between), "release")
    return f"{target.live_version} → {release.version}, {far} {'on' if between > 0 else 'back'}."


def _warnings(target: Target) -> tuple[str, ...]:
    if target.needs_person_since is None:
        return ()
    return (f"This target needs a person: {target.needs_person_sentence}",)
