"""How hard Hypothesis looks: a little and always alike in every run, long and at random with SLIPWAY_HYPOTHESIS=soak."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_COMMON = {"deadline": None, "database": None, "suppress_health_check": [HealthCheck.too_slow]}

settings.register_profile("quick", max_examples=80, derandomize=True, stateful_step_count=25, **_COMMON)
settings.register_profile("soak", max_examples=5_000, stateful_step_count=60, **_COMMON)
settings.load_profile(os.environ.get("SLIPWAY_HYPOTHESIS", "quick"))
