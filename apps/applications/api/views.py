from __future__ import annotations

from typing import Any, TypedDict

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.applications import services
from apps.applications.access import access_application, applications_of, labelled
from apps.applications.choices import SourceKind
from apps.applications.labels import read_label
from apps.applications.models import Application
from apps.core.api.pages import Order, page
from apps.core.api.queries import PageQuery, read_query
from apps.core.api.schema import IF_MATCH, PageOf
from apps.organizations.access import Right
from apps.organizations.api.door import OrganizationView, with_etag


class ApplicationChange(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120, required=False)
    repository = serializers.CharField(max_length=500, required=False, allow_blank=True)
    source_kind = serializers.ChoiceField(choices=SourceKind.choices, required=False)
    overlay_pattern = serializers.CharField(max_length=200, required=False)
    ignore_rules = serializers.ListField(
        child=serializers.CharField(max_length=300), required=False, max_length=200
    )
    require_digests = serializers.BooleanField(required=False)
    labels = serializers.DictField(
        child=serializers.CharField(max_length=63, allow_blank=True),
        required=False,
        help_text="All that it has from now on. Keys and values are as Kubernetes takes them.",
    )


class ApplicationRequest(ApplicationChange):
    slug = serializers.CharField(max_length=60)


class ApplicationShape(TypedDict):
    slug: str
    name: str
    repository: str
    source_kind: str
    overlay_pattern: str
    ignore_rules: list[str]
    require_digests: bool
    labels: dict[str, str]
    revision: int


class ApplicationQuery(PageQuery):
    label = serializers.CharField(  # type: ignore[assignment]  # a field's own `label` is another thing
        required=False, max_length=400, help_text="team=shop, or team for whatever value."
    )


class ApplicationList(OrganizationView):
    @extend_schema(parameters=[ApplicationQuery], responses=PageOf(ApplicationShape))
    def get(self, request: Request, organization: str) -> Response:
        query = read_query(ApplicationQuery, request)
        rows = applications_of(self.actor).prefetch_related("label_rows")
        if label := query.get("label"):
            rows = labelled(rows, *read_label(label))
        return Response(page(query, rows, Order("slug", descending=False), shape))

    @extend_schema(request=ApplicationRequest, responses={201: ApplicationShape})
    def post(self, request: Request, organization: str) -> Response:
        asked = ApplicationRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        made = services.create_application(self.actor, **asked.validated_data)
        return with_etag(shape(made), made.revision, status=201)


class ApplicationDetail(OrganizationView):
    @extend_schema(responses=ApplicationShape)
    def get(self, request: Request, organization: str, application: str) -> Response:
        row = access_application(self.actor, application)
        return with_etag(shape(row), row.revision)

    @extend_schema(parameters=[IF_MATCH], request=ApplicationChange, responses=ApplicationShape)
    def patch(self, request: Request, organization: str, application: str) -> Response:
        asked = ApplicationChange(data=request.data)
        asked.is_valid(raise_exception=True)
        row = access_application(self.actor, application, Right.CONFIGURE)
        changed = services.change_application(
            self.actor, row, seen=self.seen_revision(), **asked.validated_data
        )
        return with_etag(shape(changed), changed.revision)


def shape(application: Application) -> ApplicationShape:
    return {
        "slug": application.slug,
        "name": application.name,
        "repository": application.repository,
        "source_kind": application.source_kind,
        "overlay_pattern": application.overlay_pattern,
        "ignore_rules": application.ignore_rules,
        "require_digests": application.require_digests,
        "labels": application.labels,
        "revision": application.revision,
    }
