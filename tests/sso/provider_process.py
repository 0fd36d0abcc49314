"""A real OpenID Connect provider: allauth's own, in a process of its own, with its own database and cookies.

    python tests/sso/provider_process.py FOLDER NAME

Writes its address when it listens. `/control/` stands in for its administrator: people, clients, and what it claims.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

folder, name = Path(sys.argv[1]), sys.argv[2]


def _key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


import django  # noqa: E402  the folder is read first
from django.conf import settings  # noqa: E402  same

settings.configure(
    SECRET_KEY="the provider's, which is another one" + "x" * 40,
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / f"{name}.sqlite3")}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "allauth",
        "allauth.account",
        "allauth.idp.oidc",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "allauth.account.middleware.AccountMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    ACCOUNT_LOGIN_METHODS={"email"},
    ACCOUNT_EMAIL_VERIFICATION="none",
    ACCOUNT_RATE_LIMITS=False,
    SESSION_COOKIE_NAME=f"{name}_session",
    CSRF_COOKIE_NAME=f"{name}_csrf",
    IDP_OIDC_PRIVATE_KEY=_key(),
    IDP_OIDC_ADAPTER=f"{__name__}.Adapter",
    USE_TZ=True,
    STATIC_URL="/static/",
)
django.setup()

from allauth.account.models import EmailAddress  # noqa: E402  Django is set up now
from allauth.idp.oidc.adapter import DefaultOIDCAdapter  # noqa: E402
from allauth.idp.oidc.models import Client  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpRequest, JsonResponse  # noqa: E402
from django.urls import include, path  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402

claimed: dict[str, dict[str, Any]] = {}  # by e-mail, on top of what is true
metadata: dict[str, Any] = {}


class Adapter(DefaultOIDCAdapter):  # type: ignore[misc]  # allauth is untyped
    def get_claims(
        self, purpose: Any, user: Any, client: Any, scopes: Any, email: Any = None, **more: Any
    ) -> Any:
        claims = super().get_claims(purpose, user, client, scopes, email, **more)
        return claims | claimed.get(user.email, {})

    def get_user_sub(self, client: Any, user: Any) -> Any:
        return claimed.get(user.email, {}).get("sub") or super().get_user_sub(client, user)

    def get_user_by_sub(self, client: Any, sub: str) -> Any:
        email = next((email for email, said in claimed.items() if said.get("sub") == sub), None)
        return User.objects.get(email=email) if email else super().get_user_by_sub(client, sub)

    def populate_server_metadata(self, data: dict[str, Any]) -> None:
        data.update(metadata)


@csrf_exempt
def control(request: HttpRequest) -> JsonResponse:
    asked = json.loads(request.body)
    if person := asked.get("person"):
        user = User.objects.create_user(person["email"], person["email"], person["password"])
        EmailAddress.objects.create(
            user=user, email=person["email"], verified=person.get("verified", True), primary=True
        )
    if client := asked.get("client"):
        row, _ = Client.objects.get_or_create(id=client["id"])
        row.name, row.skip_consent, row.scopes = client["id"], True, "openid\nprofile\nemail"
        row.set_redirect_uris(client["redirects"])
        row.set_secret(client["secret"])
        row.save()
    claimed.update(asked.get("claims", {}))
    metadata.update(asked.get("metadata", {}))
    return JsonResponse({})


urlpatterns = [
    path("control/", control),
    path("accounts/", include("allauth.account.urls")),
    path("", include("allauth.idp.urls")),
]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *arguments: Any) -> None:
        pass


if __name__ == "__main__":
    sys.modules["provider_process"] = sys.modules["__main__"]
    call_command("migrate", verbosity=0)
    with make_server("127.0.0.1", 0, get_wsgi_application(), _Server, _Quiet) as server:
        sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
        sys.stdout.flush()
        server.serve_forever()
