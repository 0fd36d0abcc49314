"""What is no address of the API, or broke in it, is told in the API's own words, not in a page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults

from apps.core.api.problems import CONTENT_TYPE
from apps.core.problems import NotFound


def unknown_path(request: HttpRequest) -> JsonResponse:
    sentence = f"There is nothing at {request.path}."
    if not request.path.endswith("/"):
        sentence += " Addresses of the API end with a slash."
    return JsonResponse(NotFound(sentence).as_dict(), status=404, content_type=CONTENT_TYPE)


def server_error(request: HttpRequest) -> HttpResponse:
    """A bug of ours. Nothing of it is shown; the log has it under the request's id."""
    if not request.path.startswith("/api/"):
        return defaults.server_error(request)
    body = {
        "type": "urn:slipway:problem:error",
        "title": "Something is broken here",
        "status": 500,
        "detail": "Slipway made a mistake; nothing of this request was kept. Its log names the request's id.",
    }
    return JsonResponse(body, status=500, content_type=CONTENT_TYPE)
