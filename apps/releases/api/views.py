from __future__ import annotations

import base64
import binascii
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.applications.access import access_application
from apps.core.api.pages import Order, page
from apps.core.problems import Invalid
from apps.organizations.api.door import OrganizationView
from apps.releases.access import access_release_by_version, releases_of
from apps.releases.models import Release
from apps.releases.services.creation import create_release
from slipway import wiring
from slipway.ports.sources import Bundle, BundleProblem


class ReleaseRequest(serializers.Serializer[Any]):
    version = serializers.CharField(max_length=120)
    manifests = serializers.CharField(required=False, max_length=6_000_000, trim_whitespace=False)
    archive = serializers.CharField(required=False, max_length=8_000_000)
    commits = serializers.ListField(child=serializers.DictField(), required=False, default=list)
    branch = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    configuration = serializers.DictField(required=False, default=dict)
    notes = serializers.CharField(required=False, default="", allow_blank=True, max_length=20_000)


class ReleaseList(OrganizationView):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, organization: str, application: str) -> Response:
        row = access_application(self.actor, application)
        rows = releases_of(self.actor).filter(application_id=row.id)
        return Response(page(request, rows, Order("number"), shape))

    @extend_schema(request=ReleaseRequest, responses={201: dict, 200: dict})
    def post(self, request: Request, organization: str, application: str) -> Response:
        """`manifests` is YAML text, or `archive` a .tar.gz or .zip in base64. The same release twice answers 200."""
        row = access_application(self.actor, application)
        asked = ReleaseRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        values = dict(asked.validated_data)
        bundle = _bundle(values.pop("manifests", None), values.pop("archive", None))
        made = create_release(self.actor, row, bundle=bundle, **values)
        return Response(detail(made.release), status=201 if made.created else 200)


class ReleaseDetail(OrganizationView):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, organization: str, application: str, version: str) -> Response:
        row = access_application(self.actor, application)
        return Response(detail(access_release_by_version(self.actor, row, version)))


def _bundle(manifests: str | None, archive: str | None) -> Bundle:
    if (manifests is None) == (archive is None):
        raise Invalid("Send either manifests or an archive.", fields={"manifests": "either this or archive"})
    if manifests is not None:
        return {"manifests.yaml": manifests.encode()}
    try:
        return wiring.read_archive(base64.b64decode(archive or "", validate=True))
    except binascii.Error:
        raise Invalid("The archive is no base64.", fields={"archive": "no base64"}) from None
    except BundleProblem as problem:
        raise Invalid(str(problem), fields={"archive": str(problem)}) from problem


def shape(release: Release) -> dict[str, Any]:
    return {
        "id": release.id,
        "application": release.application.slug,
        "number": release.number,
        "version": release.version,
        "digest": f"sha256:{bytes(release.digest).hex()}",
        "branch": release.branch,
        "commit": release.commit_sha,
        "created_at": release.created_at,
        "created_by": release.created_by_label,
    }


def detail(release: Release) -> dict[str, Any]:
    artifacts = release.artifacts.select_related("artifact")
    return {
        **shape(release),
        "notes": release.notes,
        "configuration": release.configuration,
        "rendered": [
            {
                "environment": rendered.environment.slug,
                "digest": rendered.digest,
                "objects": rendered.object_count,
            }
            for rendered in release.rendered.select_related("environment").order_by("environment__position")
        ],
        "commits": [
            {
                "sha": bytes(commit.sha).hex(),
                "subject": commit.subject,
                "author": commit.author_name,
                "issue_keys": commit.issue_keys,
            }
            for commit in release.commits.all()[:200]
        ],
        "artifacts": [
            {
                "repository": link.artifact.repository,
                "tag": link.artifact.tag,
                "digest": f"sha256:{bytes(link.artifact.digest).hex()}" if link.artifact.digest else None,
                "pinned": link.artifact.digest is not None,
                "role": link.role,
            }
            for link in artifacts
        ],
    }
