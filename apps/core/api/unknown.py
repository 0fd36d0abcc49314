"""What is no address of the API is told so in the API's own words, not in a page."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse

from apps.core.api.problems import CONTENT_TYPE
from apps.core.problems import NotFound


def unknown_path(request: HttpRequest) -> JsonResponse:
    sentence = f"There is nothing at {request.path}."
    if not request.path.endswith("/"):
        sentence += " Addresses of the API end with a slash."
    return JsonResponse(NotFound(sentence).as_dict(), status=404, content_type=CONTENT_TYPE)
