"""One application on its way: the newest release, then environments as stations, and what moves between them.

Drawn by the template as a line; the numbers here are shares of the stretch between two stations, in percent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.applications.models import Application
from apps.dashboard.marks import Mark, health_mark, phase_mark
from apps.dashboard.pictures.progress import Progress, progress_of
from apps.dashboard.words import count
from apps.environments.choices import DeliveryMode
from apps.environments.models import Environment, Target
from apps.releases.models import Release
from apps.rollouts.history import Ended, last_ended
from apps.rollouts.models import Rollout
from slipway.engine.phases import ACTIVE, QUEUED, Kind, Phase

_RUNNING = [str(phase) for phase in ACTIVE | QUEUED]
# Where a rollout stands on its stretch: planning near the start, waiting half-way, the rest is progress.
_PLANNING, _WAITING, _BEGUN, _ARRIVING = 12, 34, 46, 92
_LOOKED_AT = 10  # ended rollouts of a target, of which some may be superseded


@dataclass(frozen=True, slots=True)
class Train:
    id: str
    rollout_id: UUID
    rollout_number: int
    version: str
    mark: Mark
    words: str  # "step 2 of 4, 58 %"
    waits_for: str  # who can let it go on
    share: int  # of the stretch, in percent
    percent: int | None  # of its steps; None while it does not move
    cluster: str


@dataclass(frozen=True, slots=True)
class Stand:
    """What stands on one target."""

    id: str
    target_id: UUID
    cluster: str  # "" where the environment has one only
    namespace: str
    simulated: bool
    version: str
    number: int | None
    mark: Mark
    since: datetime | None
    by: str
    needs_person: str
    needs_person_since: datetime | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """From one station to the next."""

    words: str  # "2 behind", "level"
    look: str  # level, behind, ahead, empty
    trains: tuple[Train, ...]


@dataclass(frozen=True, slots=True)
class Station:
    slug: str
    name: str
    policy: str
    production: bool
    mark: Mark
    stands: tuple[Stand, ...]
    inward: Stretch
    offer: str  # the version that stands one station before and not here; "" for none


@dataclass(frozen=True, slots=True)
class Travel:
    newest: Release | None
    stations: tuple[Station, ...]
    moving: tuple[Rollout, ...]

    @property
    def sentence(self) -> str:
        """What moves, what waits, what needs somebody; else how far apart the ends are."""
        if self.newest is None:
            return "It has no release yet."
        parts = []
        for station in self.stations:
            if any(stand.needs_person for stand in station.stands):
                parts.append(f"{station.name} needs a person")
            for train in station.inward.trains:
                verb = "is on its way to" if train.percent is not None else "waits for"
                parts.append(f"{train.version} {verb} {station.name}")
        standing = [(station, stand.number) for station in self.stations for stand in station.stands]
        behind = [(place, self.newest.number - number) for place, number in standing if number]
        if not behind:
            parts.append("nothing is live yet")
        elif (far := max(behind, key=lambda pair: pair[1]))[1]:
            parts.append(f"{far[0].name} is {count(far[1], 'release')} behind the newest")
        elif len(behind) == len(standing):
            parts.append(f"{self.newest.version}, the newest, is live everywhere")
        else:
            parts.append(f"{self.newest.version}, the newest, is live wherever something is")
        text = "; ".join(parts)
        return f"{text}."

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        return tuple(station.inward for station in self.stations)


def travel_of(application: Application, targets: Sequence[Target]) -> Travel:
    """Four queries for any number of targets; `targets` come in promotion order, with environment and cluster."""
    newest = (
        Release.objects.filter(application_id=application.id)
        .only("id", "organization_id", "number", "version", "created_at", "created_by_label")
        .order_by("-number")
        .first()
    )
    running = list(
        Rollout.objects.filter(target__in=list(targets), phase__in=_RUNNING)
        .select_related("release")
        .order_by("created_at")
    )
    progress = progress_of([row.id for row in running if Phase(row.phase).is_active])
    ended = _last_ended(targets)
    stations: list[Station] = []
    before, before_version = (newest.number if newest else None), (newest.version if newest else "")
    for environment in _environments(targets):
        here = [target for target in targets if target.environment_id == environment.id]
        several = len(here) > 1
        names = {target.id: target.cluster.name if several else "" for target in here}
        stands = tuple(_stand(target, names[target.id], ended.get(target.id)) for target in here)
        trains = tuple(
            _train(row, progress.get(row.id), names[row.target_id], place)
            for place, row in enumerate(row for row in running if row.target_id in names)
        )
        numbers = [stand.number for stand in stands if stand.number]
        lowest = min(numbers) if numbers else None
        words, look = _gap(before, lowest)
        offer = before_version if before and (lowest is None or lowest < before) else ""
        stations.append(
            Station(
                slug=environment.slug,
                name=environment.name,
                policy=policy_words(environment),
                production=environment.production,
                mark=_worst(stands, trains),
                stands=stands,
                inward=Stretch(words, look, trains),
                offer=offer,
            )
        )
        if lowest is not None:
            before = lowest
            before_version = next(stand.version for stand in stands if stand.number == lowest)
    return Travel(newest, tuple(stations), tuple(running))


def policy_words(environment: Environment) -> str:
    mode = {
        DeliveryMode.AUTO: "starts by itself",
        DeliveryMode.APPROVE: "asked for by itself",
        DeliveryMode.MANUAL: "started by a person",
    }[DeliveryMode(environment.delivery_mode)]
    needed = environment.approvals_needed
    return f"{mode}, {count(needed, 'approval')}" if needed else mode


def _last_ended(targets: Sequence[Target]) -> dict[UUID, Ended]:
    """What was superseded before it began says nothing of the target."""
    found: dict[UUID, Ended] = {}
    for row in last_ended([target.id for target in targets], most=_LOOKED_AT):
        newer = row.target_id not in found or row.asked_at > found[row.target_id].asked_at
        if newer and row.phase != Phase.SUPERSEDED:
            found[row.target_id] = row
    return found


def _environments(targets: Sequence[Target]) -> list[Environment]:
    found: dict[UUID, Environment] = {}
    for target in targets:
        found.setdefault(target.environment_id, target.environment)
    return sorted(found.values(), key=lambda environment: environment.position)


def _stand(target: Target, cluster: str, last: Ended | None) -> Stand:
    mark = health_mark(target.health) if target.live_version else Mark("unknown", "nothing yet")
    if last is not None and last.phase in {Phase.FAILED, Phase.ERRORED}:
        mark = Mark(phase_mark(last.phase).look, f"{last.version} {last.phase}")
    elif last is not None and last.kind == Kind.ROLLBACK and last.id == target.live_rollout_id:
        mark = phase_mark(last.phase, last.kind)
    return Stand(
        id=f"stand-{target.id}",
        target_id=target.id,
        cluster=cluster,
        namespace=target.namespace,
        simulated=target.cluster.simulated,
        version=target.live_version or "",
        number=target.live_number,
        mark=mark,
        since=target.live_since,
        by=target.live_by_label or "",
        needs_person=target.needs_person_sentence if target.needs_person_since else "",
        needs_person_since=target.needs_person_since,
    )


def _train(row: Rollout, progress: Progress | None, cluster: str, place: int) -> Train:
    phase = Phase(row.phase)
    mark = phase_mark(row.phase, row.kind)
    percent: int | None = None
    held = [reason for reason in row.reasons if reason["answer"] != "pass"]
    waits_for = ""
    if phase is Phase.PENDING:
        share, words = _PLANNING, "being planned"
    elif phase is Phase.WAITING:
        share = _WAITING
        words = held[0]["sentence"].rstrip(".") if held else "waiting"
        waits_for = held[0]["unblocked_by"] if held else ""
    else:
        percent = _percent(progress) if progress else 0
        share = _BEGUN + round((_ARRIVING - _BEGUN) * percent / 100)
        words = f"step {progress.step} of {progress.steps}, {percent} %" if progress else mark.word
        if phase is Phase.VERIFYING:
            words = "bake: health must hold"
        elif phase is Phase.PAUSED:
            words = f"paused, {words}"
    back = row.kind == Kind.ROLLBACK
    return Train(
        id=f"train-{row.id}",
        rollout_id=row.id,
        rollout_number=row.number,
        version=f"back to {row.release.version}" if back else row.release.version,
        mark=Mark("rolled-back", "rolling back") if back and phase.is_active else mark,
        words=words,
        waits_for=waits_for,
        share=min(_ARRIVING, share + 7 * place),  # two on one stretch do not cover each other
        percent=percent,
        cluster=cluster,
    )


def _percent(progress: Progress) -> int:
    """A train arrives when the rollout has ended, not when the last object is healthy."""
    if progress.phase == Phase.VERIFYING:
        return 95
    return min(95, round(100 * (progress.done + 0.9 * progress.share) / progress.steps))


def _gap(before: int | None, here: int | None) -> tuple[str, str]:
    if before is None or here is None:
        return "", "empty"
    if here == before:
        return "level", "level"
    return (f"{before - here} behind", "behind") if here < before else (f"{here - before} ahead", "ahead")


_BADNESS = ("failed", "errored", "drifted", "waiting", "paused", "progressing", "rolled-back", "unknown")


def _worst(stands: Sequence[Stand], trains: Sequence[Train]) -> Mark:
    marks = [stand.mark for stand in stands]
    if any(stand.needs_person for stand in stands):
        marks.append(Mark("failed", "needs a person"))
    marks += [train.mark for train in trains if train.percent is not None]
    for look in _BADNESS:
        for mark in marks:
            if mark.look == look:
                return mark
    return marks[0] if marks else Mark("unknown", "nothing yet")
