"""Run inside a stack: what it costs to render one rollout's fragments again after one pod has changed. JSON."""

from __future__ import annotations

import json
import os
import statistics
import sys
import time

import django

ROUNDS = 20

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "slipway.settings.embedded")
    django.setup()
    from apps.core import scopes
    from apps.dashboard.pushing import rollout_fragments
    from apps.live.reading import picture
    from apps.live.streams import Stream
    from apps.rollouts.models import Rollout

    number = int(sys.argv[1])
    with scopes.system("the benchmark's rollout"):
        rollout_id, organization_id = Rollout.objects.values_list("id", "organization_id").get(
            number=number, application__slug="painted"
        )
    stream = Stream("rollout", rollout_id, organization_id)
    processor, wall = [], []
    html: dict[str, str] = {}
    for _ in range(ROUNDS):
        begun, clock = time.process_time(), time.perf_counter()
        with picture(organization_id):
            html = dict(rollout_fragments(stream, []).html)
        processor.append((time.process_time() - begun) * 1000)
        wall.append((time.perf_counter() - clock) * 1000)
    print(  # noqa: T201  read by whoever started it
        json.dumps(
            {
                "processor_ms": statistics.median(processor),
                "wall_ms": statistics.median(wall),
                "fragments": len(html),
                "kilobytes": sum(map(len, html.values())) / 1000,
            }
        )
    )
