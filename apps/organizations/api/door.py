"""Every API request to an organization comes through here: who, may they, in whose scope, once or again.

The scope's transaction is the request's: a refusal rolls all of it back, and is audited in one of its own.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core import scopes
from apps.core.addresses import address_of
from apps.core.api.collisions import as_refusal
from apps.core.api.problems import CONTENT_TYPE, problem_response
from apps.core.api.throttles import count_person, count_stranger
from apps.core.problems import Forbidden, Invalid, NotFound, TooLarge, Unauthenticated
from apps.organizations.access import Actor, access_organization
from apps.organizations.api.once import WRITES, Once
from apps.organizations.api.refusals import audit_refusal
from apps.organizations.api.who import authenticate
from apps.organizations.models import ApiToken, User
from apps.organizations.signing_in.freshness import require_fresh
from apps.organizations.signing_in.proofs import NOTHING_SHOWN, proof_of


class PersonView(APIView):
    """A person who is signed in or sends a token, in no organization yet."""

    user: User
    token: ApiToken | None

    def perform_authentication(self, request: Request) -> None:
        """Not the framework's way: it would put nobody in the place of the session's person."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        _check_size(request)
        try:
            self.user, self.token = authenticate(request)
        except Unauthenticated:
            count_stranger(address_of(request.META))
            raise
        count_person(self.user.pk)

    def handle_exception(self, exc: Exception) -> Response:
        response = problem_response(as_refusal(exc) or exc)
        if response is None:
            return super().handle_exception(exc)
        response.exception = True
        return response

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = "private, no-store"
        return response


class OrganizationView(PersonView):
    """`self.actor` is set and the organization's scope is open while the handler runs."""

    actor: Actor
    opens_scope = True  # False: the handler asks a cluster and opens its own scopes around its queries
    asks_again: frozenset[str] = frozenset()  # methods that want a browser's sign-in of the last 15 minutes
    _once: Once | None = None
    _refused: Forbidden | None = None
    _inside = False

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with ExitStack() as self._stack:
            response = super().dispatch(request, *args, **kwargs)
        if self._refused is not None:
            audit_refusal(self.actor, self._refused, route=request.resolver_match.view_name, request=request)
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if any("\x00" in value for value in kwargs.values() if isinstance(value, str)):
            raise NotFound("There is no such thing.")
        slug = kwargs["organization"]
        if self.token is not None and self.token.organization.slug != slug:
            raise NotFound("There is no such organization, or this token is not for it.")
        self.actor = access_organization(
            self.user,
            slug,
            channel="api",
            address=address_of(request.META),
            token_id=self.token.id if self.token else None,
            token_scopes=frozenset(self.token.scopes) if self.token else None,
            proof=NOTHING_SHOWN if self.token else proof_of(request._request, self.user),
        )
        if self.token is None and request.method in self.asks_again:
            require_fresh(request._request)
        if not self.opens_scope:
            return
        self._stack.enter_context(scopes.organization(self.actor.organization_id))
        self._inside = True
        if request.method in WRITES and (key := request.headers.get("Idempotency-Key", "")):
            self._once = Once.begin(self.actor, key, request)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if self._once is not None:
            self._once.end(response)
        return response

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, Once.Again):
            body, status = exc.answer
            response = Response(body, status=status, content_type=CONTENT_TYPE if status >= 400 else None)
            response["Idempotency-Replayed"] = "true"
            return response
        self._once = None
        if isinstance(exc, Forbidden) and hasattr(self, "actor"):
            self._refused = exc
        response = super().handle_exception(exc)
        if self._inside:
            transaction.set_rollback(True)
        return response

    def shows_secret(self, created: UUID) -> None:
        """The answer holds a secret that is shown once: a replay names only what was created."""
        if self._once is not None:
            self._once.secret_of = created

    def seen_revision(self) -> int | None:
        """From If-Match: the revision that the caller has seen. None: no check is asked for."""
        text = self.request.headers.get("If-Match", "").strip()
        if text in {"", "*"}:
            return None
        text = text.removeprefix("W/").strip('"')
        if not text.isdecimal() or len(text) > 9:
            raise Invalid('If-Match is the revision you have seen, in quotes: "3".')
        return int(text)


def with_etag(shape: Any, revision: int, *, status: int = 200) -> Response:
    return Response(shape, status=status, headers={"ETag": f'"{revision}"'})


def _check_size(request: Request) -> None:
    """Before a byte of it is read. The framework's own limit does not hold for JSON read as a stream."""
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal():
        raise Invalid("Content-Length is a number.")
    if int(length) > most:
        raise TooLarge(f"The body has {int(length):,} bytes; at most {most:,} are taken.")
    if length == "0" and "chunked" in request.headers.get("Transfer-Encoding", "").lower():
        raise TooLarge("Say how long the body is (Content-Length); one of unknown length is not taken.")
