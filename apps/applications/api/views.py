from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.applications import services
from apps.applications.access import access_application, applications_of
from apps.applications.choices import SourceKind
from apps.applications.models import Application
from apps.core.api.pages import Order, page
from apps.organizations.access import Right
from apps.organizations.api.door import OrganizationView


class ApplicationChange(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120, required=False)
    repository = serializers.CharField(max_length=500, required=False, allow_blank=True)
    source_kind = serializers.ChoiceField(choices=SourceKind.choices, required=False)
    overlay_pattern = serializers.CharField(max_length=200, required=False)
    ignore_rules = serializers.ListField(child=serializers.CharField(max_length=300), required=False)
    require_digests = serializers.BooleanField(required=False)


class ApplicationRequest(ApplicationChange):
    slug = serializers.CharField(max_length=60)


class ApplicationList(OrganizationView):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, organization: str) -> Response:
        return Response(page(request, applications_of(self.actor), Order("slug", descending=False), shape))

    @extend_schema(request=ApplicationRequest, responses={201: dict})
    def post(self, request: Request, organization: str) -> Response:
        asked = ApplicationRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        return Response(shape(services.create_application(self.actor, **asked.validated_data)), status=201)


class ApplicationDetail(OrganizationView):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, organization: str, application: str) -> Response:
        return _answer(access_application(self.actor, application))

    @extend_schema(request=ApplicationChange, responses={200: dict})
    def patch(self, request: Request, organization: str, application: str) -> Response:
        asked = ApplicationChange(data=request.data)
        asked.is_valid(raise_exception=True)
        row = access_application(self.actor, application, Right.CONFIGURE)
        return _answer(
            services.change_application(self.actor, row, seen=self.seen_revision(), **asked.validated_data)
        )


def shape(application: Application) -> dict[str, Any]:
    return {
        "slug": application.slug,
        "name": application.name,
        "repository": application.repository,
        "source_kind": application.source_kind,
        "overlay_pattern": application.overlay_pattern,
        "ignore_rules": application.ignore_rules,
        "require_digests": application.require_digests,
        "revision": application.revision,
    }


def _answer(application: Application) -> Response:
    response = Response(shape(application))
    response["ETag"] = f'"{application.revision}"'
    return response
