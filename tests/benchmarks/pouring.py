"""Run inside a stack: appends events to one rollout through the one function, 1,000 a second, and prints the seconds."""

from __future__ import annotations

import os
import sys
import time
from uuid import UUID

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "slipway.settings.embedded")
    django.setup()
    from django.utils import timezone

    from apps.audit.services import SYSTEM
    from apps.core import scopes
    from apps.rollouts.models import Rollout
    from apps.rollouts.services.recording import commit_rollout
    from slipway.engine.state import EngineEvent

    rollout_id, count, batch = UUID(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    with scopes.system("the benchmark's rollout"):
        organization = Rollout.objects.values_list("organization_id", flat=True).get(id=rollout_id)
    begun = time.monotonic()
    for first in range(0, count, batch):
        with scopes.organization(organization):
            row = (
                Rollout.objects.select_for_update(of=("self",))
                .select_related("application", "environment", "release", "target")
                .get(id=rollout_id)
            )
            events = [
                EngineEvent("observed", {"objects": {}, "pods": {}, "gone_pods": [f"{number}"]})
                for number in range(first, first + batch)
            ]
            commit_rollout(row, by=SYSTEM, at=timezone.now(), before=row.phase, events=events)
        due = begun + (first + batch) / 1000
        time.sleep(max(0.0, due - time.monotonic()))
    print(time.monotonic() - begun)  # noqa: T201  read by whoever started it
