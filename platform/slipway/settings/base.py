"""What every way of running shares. The files beside this one hold differences only."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from slipway.settings import paths
from slipway.settings.environment import Environment

env = Environment()

DEBUG = False
SECRET_KEY = env.text("SLIPWAY_SECRET_KEY")
# 32 bytes, base64: everything that is encrypted at rest is encrypted under it.
ENCRYPTION_KEY = env.key("SLIPWAY_ENCRYPTION_KEY")

INSTALLATION_ID = env.text("SLIPWAY_INSTALLATION_ID", "slipway")
PUBLIC_URL = env.text("SLIPWAY_PUBLIC_URL", "http://localhost:8000").rstrip("/")
CLUSTER_NETWORKS = env.networks("SLIPWAY_CLUSTER_NETWORKS")
DATA_DIR = Path(env.text("SLIPWAY_DATA_DIR", "var/slipway"))

_host = PUBLIC_URL.partition("://")[2].partition("/")[0]
ALLOWED_HOSTS = env.items("SLIPWAY_ALLOWED_HOSTS") or [_host.rpartition(":")[0] or _host]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
CSRF_FAILURE_VIEW = "apps.dashboard.views.errors.stale_form"
# Cookies ignore ports, so two installations on one host would sign each other out under one name.
_cookie = hashlib.sha256(f"{INSTALLATION_ID}{PUBLIC_URL}".encode()).hexdigest()[:8]
SESSION_COOKIE_NAME = f"slipway_session_{_cookie}"
CSRF_COOKIE_NAME = f"slipway_csrf_{_cookie}"
KNOWN_BROWSER_COOKIE_NAME = f"slipway_browser_{_cookie}"
LANGUAGE_COOKIE_NAME = f"slipway_language_{_cookie}"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
SESSION_ENGINE = "django.contrib.sessions.backends.db"
TRUST_PROXY_HEADERS: bool = env.flag("SLIPWAY_TRUST_PROXY_HEADERS", False)
if TRUST_PROXY_HEADERS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    USE_X_FORWARDED_HOST = True

INSTALLED_APPS = [
    "apps.core",
    "apps.audit",
    "apps.organizations",
    "apps.clusters",
    "apps.applications",
    "apps.environments",
    "apps.releases",
    "apps.rollouts",
    "apps.approvals",
    "apps.pipelines",
    "apps.live",
    "apps.dashboard",
    "apps.core.operators.config.OperatorConfig",  # Django's admin
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "channels",
    "csp",
    "django_celery_beat",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
]

MIDDLEWARE = [
    "apps.dashboard.operations.probes.ProbesMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Below whitenoise, whose files are compressed already. Safe against BREACH: each answer gets up to 100 random bytes
    # in its gzip header, so its length tells nothing, and the CSRF token is masked anew in each.
    "django.middleware.gzip.GZipMiddleware",
    "apps.core.middleware.RequestContextMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "apps.organizations.connections.guard.OwnAccountMiddleware",
    "apps.organizations.sessions.SessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "slipway.urls"
ASGI_APPLICATION = "slipway.asgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [paths.TEMPLATES],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# `default` is the application's log-in, which row-level security binds; `owner` migrates and retains.
DATABASES: dict[str, Any] = {
    "default": env.database("DATABASE_URL", pool=env.flag("SLIPWAY_DATABASE_POOL", False))
}
if env.text("DATABASE_OWNER_URL", ""):
    DATABASES["owner"] = {**env.database("DATABASE_OWNER_URL"), "TEST": {"MIRROR": "default"}}
DATABASE_ROUTERS: list[str] = []
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES: dict[str, Any] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env.redis(2),
        "KEY_PREFIX": "slipway",
        # A Valkey that hangs is treated as one that is away: who asks it goes on without.
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
    }
}
CHANNEL_LAYERS: dict[str, Any] = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [env.redis(1)]},
    }
}

AUTH_USER_MODEL = "organizations.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "apps.organizations.sign_in.AccountAdapter"
# Guessing is slowed by our own counters (signing_in/attempts.py): allauth's are in the cache and lock accounts for others.
ACCOUNT_RATE_LIMITS: dict[str, str] = {"login": "", "login_failed": "", "reauthenticate": ""}
MFA_RATE_LIMITS: dict[str, str] = {"webauthn_login": ""}
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900  # before dangerous acts one signs in again, if that is longer ago
MFA_ADAPTER = "apps.organizations.signing_in.factors.FactorsAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "apps.organizations.signing_in.forms.SignInByCode",
    "reauthenticate": "apps.organizations.signing_in.forms.AskAgainByCode",
    "activate_totp": "apps.organizations.signing_in.forms.ActivateApp",
}
MFA_TOTP_TOLERANCE = 1  # steps of 30 s to either side: clocks of phones are not ours
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_ALLOW_UNVERIFIED_EMAIL = (
    True  # nobody signs up by themselves; an address that waits to be verified is only a wish
)
MFA_PASSKEY_LOGIN_ENABLED = True
ACCOUNT_SESSION_REMEMBER = True
SOCIALACCOUNT_ADAPTER = "apps.organizations.connections.adapter.ConnectionsAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False  # an address that a provider claims opens nobody's account
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_STORE_TOKENS = False
# Private networks in which organizations may have their identity providers.
SIGN_IN_NETWORKS = env.networks("SLIPWAY_SIGN_IN_NETWORKS")

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = env.text("SLIPWAY_MAIL_HOST", "")
DEFAULT_FROM_EMAIL = env.text("SLIPWAY_MAIL_FROM", "slipway@localhost")

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("SLIPWAY_STATIC_ROOT", str(DATA_DIR / "static")))
STATICFILES_DIRS = [paths.STATIC]
STORAGES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "slipway.static_files.StaticFiles"},
}

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}

CELERY_BROKER_URL = env.redis(0)
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
CELERY_TASK_DEFAULT_QUEUE = "slipway"
CELERY_TASK_SOFT_TIME_LIMIT = 45
CELERY_TASK_TIME_LIMIT = 55
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
# Without the last two a killed worker's message comes back only after kombu's default sweep of 100 s;
# visibility must exceed the longest task, or a running task is started again.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 60,
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
    "socket_keepalive": True,
    "health_check_interval": 10,
}

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_SCHEMA_CLASS": "apps.core.api.schema.Schema",
    "DEFAULT_AUTHENTICATION_CLASSES": [],  # the door's work
    "DEFAULT_PERMISSION_CLASSES": [],  # the same
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "apps.core.api.problems.framework_problem",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "UNAUTHENTICATED_USER": None,
}
API_REQUESTS_PER_MINUTE: int = env.integer("SLIPWAY_API_REQUESTS_PER_MINUTE", 1200, least=1)
API_STRANGERS_PER_MINUTE: int = env.integer("SLIPWAY_API_STRANGERS_PER_MINUTE", 60, least=1)
# Whoever asks /metrics from another machine shows this token; without one only this machine may ask.
METRICS_TOKEN = env.text("SLIPWAY_METRICS_TOKEN", "")
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Slipway",
    "DESCRIPTION": "Releases for Kubernetes: planned, gated, watched, taken back.",
    "VERSION": "1",
    "OAS_VERSION": "3.0.3",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {"RoleEnum": "apps.organizations.choices.Role"},  # fields of two names hold one
    # In the order in which one meets them. An operation is under the last of these that its path names.
    "TAGS": [
        {"name": "organizations", "description": "Which there are for you, and their settings."},
        {"name": "applications", "description": "What is deployed as one."},
        {"name": "releases", "description": "What was built from which commits. Immutable."},
        {
            "name": "rollouts",
            "description": "A release on its way to one target: plan, gates, steps, events.",
        },
        {"name": "approvals", "description": "Decisions on plans, by their digest."},
        {"name": "targets", "description": "Application × environment × cluster, and what is live there."},
        {"name": "environments", "description": "Places in promotion order, with their policy."},
        {"name": "clusters", "description": "Kubernetes APIs and whether they answer."},
        {"name": "members", "description": "Who is here, as what."},
        {"name": "invitations", "description": "Links that let somebody in, once."},
        {"name": "teams", "description": "People who are named together."},
        {"name": "grants", "description": "Rights beyond roles, for people and teams, by place."},
        {"name": "access", "description": "Why somebody may or may not do something."},
        {"name": "tokens", "description": "Keys for programs."},
        {"name": "activity", "description": "What happened, newest first."},
        {"name": "audit", "description": "Who did what, hash-chained, verified and exported."},
    ],
    "SECURITY": [{"token": []}],
    "APPEND_COMPONENTS": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
}
