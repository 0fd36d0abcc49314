"""problem+json (RFC 9457) for every refusal, our own and the framework's."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from apps.core.problems import Problem

CONTENT_TYPE = "application/problem+json"


def problem_response(error: Exception) -> Response | None:
    """None: not a refusal but a bug, which the framework turns into a 500."""
    if isinstance(error, Problem):
        return _response(error.as_dict())
    if isinstance(error, Http404):
        return _response({"type": "urn:slipway:problem:not-found", "title": "Not found", "status": 404})
    if isinstance(error, exceptions.Throttled):
        response = _response(_framework(error))
        response["Retry-After"] = str(int(getattr(error, "wait", None) or 1))
        return response
    if isinstance(error, exceptions.ValidationError):
        fields = _flat(error.detail)
        body = {
            "type": "urn:slipway:problem:invalid",
            "title": "The request has mistakes",
            "status": 422,
            "detail": "; ".join(f"{name}: {words}" for name, words in fields.items()),
            "fields": fields,
        }
        return _response(body)
    if isinstance(error, exceptions.APIException):
        return _response(_framework(error))
    return None


def _framework(error: exceptions.APIException) -> dict[str, Any]:
    code = str(getattr(error, "default_code", "error")).replace("_", "-")
    return {
        "type": f"urn:slipway:problem:{code}",
        "title": str(error.default_detail),
        "status": error.status_code,
        "detail": str(error.detail),
    }


def _response(body: dict[str, Any]) -> Response:
    response = Response(body, status=int(body["status"]))
    response["Content-Type"] = CONTENT_TYPE
    response.content_type = CONTENT_TYPE
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
