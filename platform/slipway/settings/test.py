"""Tests: the same, faster to hash and to serve. Also what mypy's plugin loads, so it has defaults for everything."""

import os

os.environ.setdefault("SLIPWAY_SECRET_KEY", "only-for-tests-" + "x" * 50)
os.environ.setdefault("SLIPWAY_ENCRYPTION_KEY", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
os.environ.setdefault("DATABASE_URL", "postgres://slipway_app:unset@127.0.0.1:1/slipway")
os.environ.setdefault("DATABASE_OWNER_URL", "postgres://slipway_owner:unset@127.0.0.1:1/slipway")
os.environ.setdefault("SLIPWAY_REDIS_URL", "redis://127.0.0.1:1")
os.environ.setdefault("SLIPWAY_CLUSTER_NETWORKS", "127.0.0.1/32")
os.environ.setdefault("SLIPWAY_SIGN_IN_NETWORKS", "127.0.0.1/32")

from slipway.settings import logs
from slipway.settings.base import *  # noqa: F403  differences only; Django reads settings from one flat module
from slipway.settings.base import STORAGES as _STORAGES

ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {**_STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
LOGGING = logs.configure(as_json=False, level="WARNING")
# No collectstatic in tests: files are found where they lie.
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
