"""Made-up things for the page of components, in the shapes that the real pages are made of. Shown nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.dashboard.differences.objects import ObjectChange, object_change
from apps.dashboard.marks import UNKNOWN, Mark, health_mark, phase_mark
from apps.dashboard.pictures.cells import Cell
from apps.dashboard.pictures.pods import pods_by_owner, pods_of
from apps.dashboard.pictures.rail import Stop
from apps.dashboard.pictures.search import Hit
from apps.dashboard.pictures.sought import Nearness
from slipway.engine.diff import FieldChange
from slipway.engine.objects import ObjectKey
from slipway.engine.phases import Kind, Phase
from slipway.engine.plans import PlannedObject, Verb

_HEALTH = ("healthy", "progressing", "suspended", "degraded", "missing")


@dataclass(frozen=True, slots=True)
class Colour:
    look: str
    name: str


def colours() -> list[Colour]:
    looks = ("healthy", "progressing", "waiting", "failed", "errored", "aborted", "rolled-back", "drifted")
    return [Colour(look, look.replace("-", " ")) for look in looks]


def marks() -> list[Mark]:
    found = [*(phase_mark(phase) for phase in Phase), phase_mark(Phase.SUCCEEDED, Kind.ROLLBACK)]
    found += [*(health_mark(word) for word in _HEALTH), UNKNOWN]
    return list(dict.fromkeys(found))


def cells() -> list[Cell]:
    now = timezone.now()
    return [
        _cell("calm", phase_mark(Phase.SUCCEEDED), "v0.10.6", now - timedelta(days=3)),
        _cell(
            "moving",
            phase_mark(Phase.PROGRESSING),
            "v0.10.5",
            now - timedelta(seconds=40),
            going_to="v0.10.6",
            words="step 2 of 4",
            percent=60,
        ),
        _cell(
            "waiting",
            phase_mark(Phase.WAITING),
            "v0.10.5",
            now - timedelta(minutes=4),
            going_to="v0.10.6",
            words="1 of 2 approvals",
        ),
        _cell(
            "failed",
            phase_mark(Phase.FAILED),
            "v0.10.4",
            now - timedelta(hours=2),
            words="image not found",
            needs_person=True,
            troubled=True,
        ),
        _cell("behind", phase_mark(Phase.SUCCEEDED), "v0.10.3", now - timedelta(days=12), behind=2),
        _cell("nothing", UNKNOWN, "", None, words="nothing yet"),
    ]


def _cell(name: str, mark: Mark, version: str, since: datetime | None, **more: Any) -> Cell:
    given: dict[str, Any] = {"going_to": "", "words": "", "needs_person": False, **more}
    return Cell(
        id=f"sample-{name}",
        cluster="",
        mark=mark,
        version=version,
        since=since,
        by="ana" if version else "",
        rollout_number=None,
        number=None,
        application_slug="boutique",
        environment_id=UUID(int=0),
        **given,
    )


def rail() -> list[Stop]:
    done, now = Mark("healthy", "done"), Mark("progressing", "now")
    to_come = Mark("todo", "to come")
    return [
        Stop("Plan", "done", done, "3 s"),
        Stop("Approvals", "done", done, "2 of 2, 4:10 min"),
        Stop("Configuration", "done", done, "2 s"),
        Stop(
            "Workloads",
            "now",
            now,
            since=timezone.now() - timedelta(seconds=74),
            usual=timedelta(seconds=95),
        ),
        Stop("Bake", "todo", to_come, "60 s"),
        Stop("Live", "todo", to_come),
    ]


def pods() -> Any:
    seen: dict[str, Any] = {}
    objects: dict[str, Any] = {}
    for name, wanted, ready, crashing in (
        ("frontend", 12, 9, False),
        ("cartservice", 6, 6, False),
        ("adservice", 4, 2, True),
    ):
        key = str(ObjectKey("apps", "Deployment", "boutique", name))
        objects[key] = {
            "health": "progressing",
            "sentence": f"{ready} of {wanted} ready",
            "ready": ready,
            "wanted": wanted,
        }
        for place in range(wanted):
            bad = crashing and place == ready
            seen[f"{name}-new-{place}"] = {
                "name": f"{name}-7c9f-{place}",
                "owner": key,
                "set": f"{name}-7c9f",
                "new": True,
                "health": "healthy" if place < ready else "degraded" if bad else "progressing",
                "sentence": "ready" if place < ready else "CrashLoopBackOff" if bad else "starting",
                "restarts": 3 if bad else 0,
                "node": f"node-{place % 3}",
                "ending": False,
            }
    return pods_of(pods_by_owner(seen), objects, {}, frozenset(objects))


def changes() -> list[ObjectChange]:
    image = FieldChange(
        "spec.template.spec.containers[name=server].image",
        "registry.example/boutique/frontend:v0.10.5",
        "registry.example/boutique/frontend:v0.10.6",
    )
    replicas = FieldChange("spec.replicas", 2, 3)
    items = (
        PlannedObject(
            ObjectKey("apps", "Deployment", "boutique", "frontend"), Verb.CHANGE, (image, replicas)
        ),
        PlannedObject(ObjectKey("", "ConfigMap", "boutique", "flags-5d1e"), Verb.PRUNE),
        PlannedObject(ObjectKey("", "Service", "boutique", "frontend"), Verb.CREATE),
    )
    return [object_change(item, standing={}, names={}) for item in items]


def hits() -> list[Hit]:
    now = timezone.now()
    return [
        Hit(
            "sample-hit-1",
            "application",
            "applications",
            "boutique",
            "#hits",
            Nearness.EXACT,
            detail="production v0.10.5 · dev v0.10.6",
        ),
        Hit(
            "sample-hit-2",
            "rollout",
            "rollouts",
            "12 boutique",
            "#hits",
            Nearness.COMBINED,
            version="v0.10.6",
            where="production",
            detail="Step 2 of 4: workloads; 7 of 12 healthy.",
            mark=phase_mark(Phase.PROGRESSING),
            at=now - timedelta(minutes=2),
        ),
    ]
