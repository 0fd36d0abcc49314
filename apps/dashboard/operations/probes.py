"""/healthz, /readyz and /metrics. A middleware before all others: a probe calls a pod by its address, which is no
host name of ours, and must not need a session or the database to learn that the process lives."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from apps.core.addresses import address_of
from apps.dashboard.operations.figures import Figures
from apps.dashboard.operations.parts import other_parts, own_parts


class ProbesMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = _PROBES.get(request.path) if request.method in {"GET", "HEAD"} else None
        if probe is None:
            return self.get_response(request)
        response = probe(request)
        response["Cache-Control"] = "no-store"
        response["X-Content-Type-Options"] = "nosniff"
        return response


def healthz(request: HttpRequest) -> HttpResponse:
    """The process lives and answers."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """503 while this process cannot serve. What else the installation is made of is named too, and with `?whole`
    counts as well."""
    own, others = own_parts(), other_parts()
    needed = [*own, *others] if "whole" in request.GET else own
    ready = all(part.ready for part in needed)
    body = {
        "ready": ready,
        "not_ready": [part.name for part in [*own, *others] if not part.ready],
        "parts": {part.name: part.sentence for part in [*own, *others]},
    }
    return JsonResponse(body, status=200 if ready else 503)


def metrics(request: HttpRequest) -> HttpResponse:
    if not _may_see_metrics(request):
        sentence = "Show SLIPWAY_METRICS_TOKEN as a bearer token, or ask from the same machine.\n"
        return HttpResponse(sentence, status=403, content_type="text/plain; charset=utf-8")
    text = generate_latest(Figures()) + generate_latest(REGISTRY)
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


def _may_see_metrics(request: HttpRequest) -> bool:
    kind, _, shown = request.headers.get("Authorization", "").partition(" ")
    if settings.METRICS_TOKEN:
        return kind.lower() == "bearer" and hmac.compare_digest(
            shown.strip().encode(), settings.METRICS_TOKEN.encode()
        )
    # What a proxy on this machine passes on comes from elsewhere.
    if not settings.TRUST_PROXY_HEADERS and (
        "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    ):
        return False
    try:
        return ipaddress.ip_address(address_of(request.META)).is_loopback
    except ValueError:
        return False


_PROBES: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/healthz": healthz,
    "/readyz": readyz,
    "/metrics": metrics,
}
