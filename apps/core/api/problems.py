"""problem+json (RFC 9457) for every refusal, our own and the framework's."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from django.core.exceptions import RequestDataTooBig
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from apps.core.problems import NotFound, Problem

CONTENT_TYPE = "application/problem+json"


class ProblemShape(TypedDict):
    type: str
    title: str
    status: int
    detail: str
    fields: NotRequired[dict[str, str]]  # a field's path → its sentence


def problem_response(error: Exception) -> Response | None:
    """None: not a refusal but a bug, which the framework turns into a 500."""
    if isinstance(error, Problem):
        return _response(error.as_dict())
    if isinstance(error, Http404):
        return _response(NotFound("There is no such thing.").as_dict())
    if isinstance(error, RequestDataTooBig):
        return _response(_problem("too-large", "Too large", 413, "The request is larger than is taken here."))
    if isinstance(error, exceptions.Throttled):
        seconds = max(1, int(getattr(error, "wait", None) or 1))
        sentence = f"Too many requests; the next one is taken in {seconds} s."
        response = _response(_problem("throttled", "Too many requests", 429, sentence))
        response["Retry-After"] = str(seconds)
        return response
    if isinstance(error, exceptions.ValidationError):
        fields = _flat(error.detail)
        sentence = "; ".join(f"{name}: {words}" for name, words in fields.items())
        return _response({**_problem("invalid", "The request has mistakes", 422, sentence), "fields": fields})
    if isinstance(error, exceptions.APIException):
        code = str(error.default_code).replace("_", "-")
        return _response(_problem(code, str(error.default_detail), error.status_code, str(error.detail)))
    return None


def framework_problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's EXCEPTION_HANDLER, for views that are not behind our door (the schema's)."""
    return problem_response(error)


def _problem(kind: str, title: str, status: int, sentence: str) -> dict[str, Any]:
    return {
        "type": f"urn:slipway:problem:{kind}",
        "title": title.rstrip("."),
        "status": status,
        "detail": sentence,
    }


def _response(body: dict[str, Any]) -> Response:
    response = Response(body, status=int(body["status"]), content_type=CONTENT_TYPE)
    if body["status"] == 503:
        response["Retry-After"] = "2"
    if body["status"] == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


def _flat(detail: Any, path: str = "") -> dict[str, str]:
    if isinstance(detail, dict):
        found: dict[str, str] = {}
        for name, inner in detail.items():
            found |= _flat(inner, f"{path}.{name}" if path else str(name))
        return found
    if isinstance(detail, list):
        if any(isinstance(entry, dict | list) for entry in detail):
            found = {}
            for index, inner in enumerate(detail):
                found |= _flat(inner, f"{path}.{index}" if path else str(index))
            return found
        return {path or "request": " ".join(str(entry) for entry in detail)}
    return {path or "request": str(detail)}
