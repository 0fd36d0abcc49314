"""Kill after kill, each at a moment of its own in the middle of a rollout, on one stack."""

from __future__ import annotations

import random
import statistics
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.chaos.kills import VICTIMS, Yard, kill_in_the_middle
from tests.stacks.stack import running

FIRST_SEED = 20260001


def run(folder: Path, count: int) -> dict[str, Any]:
    survived, broken = [], []
    with running(folder) as stack:
        yard = Yard(stack)
        yard.open()
        for seed in range(FIRST_SEED, FIRST_SEED + count):
            victim = random.Random(seed).choice(VICTIMS)
            try:
                survived.append(kill_in_the_middle(yard, seed=seed, victim=victim))
            except AssertionError as error:
                broken.append({"seed": seed, "victim": victim, "why": str(error)[:2000]})
                print(f"seed {seed}, {victim}: {error}", flush=True)  # noqa: T201  said at once, the run takes long
        with stack.client() as api:
            audit = api.get("audit/verify/").json()
    seconds = sorted(run.seconds for run in survived)
    return {
        "kills": count,
        "first_seed": FIRST_SEED,
        "survived": len(survived),
        "broken": broken,
        "audit_sound": audit["sound"],
        "audit_entries": audit["entries"],
        "seconds_median": statistics.median(seconds) if seconds else None,
        "seconds_worst": seconds[-1] if seconds else None,
        "by_victim": {
            victim: sorted(run.seconds for run in survived if run.victim == victim) for victim in VICTIMS
        },
        "runs": [asdict(run) for run in survived],
    }
