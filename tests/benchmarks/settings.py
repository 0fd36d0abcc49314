"""The product's, plus one bare view beside its own."""

from slipway.settings.embedded import *  # noqa: F403  differences only
from slipway.settings.embedded import REST_FRAMEWORK as _REST_FRAMEWORK

ROOT_URLCONF = "tests.benchmarks.urls"
REST_FRAMEWORK = {**_REST_FRAMEWORK}
