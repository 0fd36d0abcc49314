"""A request id on every log line and answer, and how long it took."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from time import perf_counter

import structlog
from django.http import HttpRequest, HttpResponse

from apps.core.measuring import measure_request

_ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestContextMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = perf_counter()
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _ACCEPTABLE.fullmatch(given) else secrets.token_hex(8)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        route = request.resolver_match.view_name if request.resolver_match else "unknown"
        measure_request(request.method or "", route, response.status_code, perf_counter() - began)
        return response
