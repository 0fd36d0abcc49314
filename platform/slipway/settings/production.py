"""Servers. Refuses to start insecure."""

from django.core.exceptions import ImproperlyConfigured

from slipway.settings import logs
from slipway.settings.base import *  # noqa: F403  differences only; Django reads settings from one flat module
from slipway.settings.base import PUBLIC_URL, SECRET_KEY, env

LOGGING = logs.configure(as_json=True, level=env.text("SLIPWAY_LOG_LEVEL", "INFO"))

if not PUBLIC_URL.startswith("https://"):
    raise ImproperlyConfigured("SLIPWAY_PUBLIC_URL must begin with https:// in production.")
if len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("SLIPWAY_SECRET_KEY is shorter than 50 characters.")

SECURE_SSL_REDIRECT = env.flag("SLIPWAY_SSL_REDIRECT", True)
SECURE_HSTS_SECONDS = env.integer("SLIPWAY_HSTS_SECONDS", 31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.flag("SLIPWAY_HSTS_SUBDOMAINS", True)
SECURE_HSTS_PRELOAD = env.flag("SLIPWAY_HSTS_PRELOAD", True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
