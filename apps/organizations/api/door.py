"""Every API request to an organization comes through here: who, may they, in whose scope, once or again.

The scope's transaction is the request's: a refusal rolls all of it back, and is audited in one of its own.
"""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from typing import Any

from django.db import transaction
from django.http.response import HttpResponseBase
from rest_framework.authentication import CSRFCheck
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from apps.audit.services import Audit, record
from apps.core import scopes
from apps.core.api.problems import problem_response
from apps.core.models import IdempotencyKey
from apps.core.problems import Conflict, Forbidden, Invalid, Unauthenticated
from apps.organizations.access import Actor, access_organization
from apps.organizations.models import User
from apps.organizations.services import find_token

_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class PersonThrottle(SimpleRateThrottle):
    """Per person, over all of their tokens and sessions."""

    scope = "person"
    rate = "1200/min"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        user = getattr(request, "slipway_user", None)
        return f"throttle:{user.pk}" if user else f"throttle:{self.get_ident(request)}"


class PersonView(APIView):
    """A signed-in person, in no organization yet."""

    authentication_classes = []
    permission_classes = []
    throttle_classes = [PersonThrottle]

    user: User

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.user, self.token = authenticate(request)
        setattr(request, "slipway_user", self.user)  # noqa: B010  DRF's Request has no place of its own for it
        super().initial(request, *args, **kwargs)

    def handle_exception(self, exc: Exception) -> Response:
        response = problem_response(exc)
        if response is None:
            return super().handle_exception(exc)
        if transaction.get_connection().in_atomic_block:
            transaction.set_rollback(True)
        return response


class OrganizationView(PersonView):
    """`self.actor` is set and the organization's scope is open while the handler runs."""

    actor: Actor
    opens_scope = True  # False: the handler asks a cluster and opens its own scopes around its queries
    _key: IdempotencyKey | None = None

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self._refused: Forbidden | None = None
        with ExitStack() as self._stack:
            response = super().dispatch(request, *args, **kwargs)
        if self._refused is not None:
            audit_refusal(self.actor, self._refused, what=f"{request.method} {request.path}")
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.actor = access_organization(
            self.user,
            kwargs["organization"],
            channel="api",
            address=request.META.get("REMOTE_ADDR", ""),
            token_id=self.token.id if self.token else None,
            token_scopes=frozenset(self.token.scopes) if self.token else None,
        )
        if self.token is not None and self.token.organization_id != self.actor.organization_id:
            raise Unauthenticated("This token belongs to another organization.")
        if not self.opens_scope:
            return
        self._stack.enter_context(scopes.organization(self.actor.organization_id))
        replayed = self._begin_once(request) if request.method in _WRITES else None
        if replayed is not None:
            raise _Replay(replayed)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        key = self._key
        if key is not None and response.status_code < 400:
            key.status, key.body = response.status_code, response.data
            key.save(update_fields=["status", "body"])
        return response

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, _Replay):
            response = Response(exc.key.body, status=exc.key.status or 200)
            response["Idempotency-Replayed"] = "true"
            return response
        if isinstance(exc, Forbidden):
            self._refused = exc
        self._key = None
        return super().handle_exception(exc)

    def seen_revision(self) -> int | None:
        """From If-Match: the revision that the caller has seen."""
        text = self.request.headers.get("If-Match", "").strip('W/" ')
        if not text:
            return None
        if not text.isdecimal():
            raise Invalid("If-Match is the revision you have seen, in quotes.")
        return int(text)

    def _begin_once(self, request: Request) -> IdempotencyKey | None:
        """A key that was answered already, or None: then this request answers it."""
        text = request.headers.get("Idempotency-Key", "")
        if not text:
            return None
        if len(text) > 120:
            raise Invalid("An Idempotency-Key is at most 120 characters.")
        print_of = hashlib.sha256(f"{request.method} {request.path}\n".encode() + request.body).digest()
        made, fresh = IdempotencyKey.objects.get_or_create(
            organization_id=self.actor.organization_id,
            actor_id=self.actor.user_id,
            key=text,
            defaults={"fingerprint": print_of},
        )
        if fresh:
            self._key = made
            return None
        if bytes(made.fingerprint) != print_of:
            raise Conflict("This Idempotency-Key was used for another request.")
        if made.status is None:
            raise Conflict("The first request with this Idempotency-Key is still being answered.")
        found: IdempotencyKey = made
        return found


class _Replay(Exception):
    def __init__(self, key: IdempotencyKey) -> None:
        super().__init__()
        self.key = key


def authenticate(request: Request) -> tuple[User, Any]:
    """A bearer token, or the session of the browser (then with its CSRF token on writes)."""
    header = request.headers.get("Authorization", "")
    if header:
        kind, _, secret = header.partition(" ")
        token = find_token(secret.strip()) if kind.lower() == "bearer" and secret else None
        if token is None:
            raise Unauthenticated("This token is unknown, revoked or has run out.")
        return token.user, token
    user = getattr(request._request, "user", None)
    if user is None or not user.is_authenticated or not user.is_active:
        raise Unauthenticated("Sign in, or send a token: Authorization: Bearer slp_…")
    if request.method in _WRITES:
        check = CSRFCheck(lambda _: None)  # type: ignore[arg-type]  # it is only asked, never calls on
        check.process_request(request._request)
        if check.process_view(request._request, None, (), {}):  # type: ignore[arg-type]  # no view is called
            raise Forbidden("The request carries no CSRF token.")
    return user, None


def audit_refusal(actor: Actor, refusal: Forbidden, *, what: str) -> None:
    """In a transaction of its own: the request's was rolled back."""
    with scopes.organization(actor.organization_id):
        record(
            actor.by, audits=[Audit("access.refused", "request", what[:300], after={"why": refusal.sentence})]
        )
