"""The product's, plus one bare view beside its own."""

from slipway.settings.embedded import *  # noqa: F403  differences only

ROOT_URLCONF = "tests.benchmarks.urls"
