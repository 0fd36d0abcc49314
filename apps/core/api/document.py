"""The API's own description: the OpenAPI document, and a page to read it by."""

from __future__ import annotations

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView


class SchemaView(SpectacularAPIView):
    throttle_classes = []


class DocumentationView(SpectacularSwaggerSplitView):
    """Files from our own server and no inline style, as the content security policy wants it."""

    url_name = "api-schema"
    template_name = "core/api_docs.html"
    throttle_classes = []
