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
from apps.core.api.queries import PageQuery, read_query
from apps.core.api.schema import PageOf
from apps.core.problems import Invalid, TooLarge
from apps.organizations.access import Right, authorize
from apps.organizations.api.door import OrganizationView
from apps.releases.access import access_release_by_version, releases_of
from apps.releases.api.shapes import ReleaseDetailShape, ReleaseShape, detail, shape
from apps.releases.services.creation import create_release
from slipway import wiring
from slipway.ports.sources import MOST_BYTES, Bundle, BundleProblem

MANIFESTS = "manifests.yaml"


class ReleaseRequest(serializers.Serializer[Any]):
    version = serializers.CharField(max_length=120)
    manifests = serializers.CharField(required=False, trim_whitespace=False)
    manifests_name = serializers.CharField(
        required=False,
        default=MANIFESTS,
        max_length=400,
        help_text="What the caller calls the text of `manifests`: mistakes in it are reported under this name.",
    )
    archive = serializers.CharField(required=False)
    commits = serializers.ListField(child=serializers.DictField(), required=False, default=list)
    branch = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    configuration = serializers.DictField(required=False, default=dict)
    notes = serializers.CharField(required=False, default="", allow_blank=True, max_length=20_000)


class ReleaseList(OrganizationView):
    @extend_schema(parameters=[PageQuery], responses=PageOf(ReleaseShape))
    def get(self, request: Request, organization: str, application: str) -> Response:
        """Newest first."""
        query = read_query(PageQuery, request)
        row = access_application(self.actor, application)
        rows = releases_of(self.actor).filter(application_id=row.id).defer("sealed_bundle")
        return Response(page(query, rows, Order("number"), shape))

    @extend_schema(request=ReleaseRequest, responses={201: ReleaseDetailShape, 200: ReleaseDetailShape})
    def post(self, request: Request, organization: str, application: str) -> Response:
        """`manifests` is YAML text, or `archive` a .tar.gz or .zip in base64. The same release twice answers 200."""
        row = access_application(self.actor, application)
        authorize(self.actor, Right.MAKE_RELEASE)
        asked = ReleaseRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        values = dict(asked.validated_data)
        shown_as = values.pop("manifests_name")
        bundle = _bundle(values.pop("manifests", None), values.pop("archive", None))
        try:
            made = create_release(self.actor, row, bundle=bundle, **values)
        except Invalid as problem:
            raise _named(problem, shown_as) from problem
        return Response(detail(made.release), status=201 if made.created else 200)


class ReleaseDetail(OrganizationView):
    @extend_schema(responses=ReleaseDetailShape)
    def get(self, request: Request, organization: str, application: str, version: str) -> Response:
        """By version, or by number: `%2312` is #12."""
        row = access_application(self.actor, application)
        return Response(detail(access_release_by_version(self.actor, row, version)))


def _bundle(manifests: str | None, archive: str | None) -> Bundle:
    if (manifests is None) == (archive is None):
        raise Invalid("Send either manifests or an archive.", fields={"manifests": "either this or archive"})
    if manifests is not None:
        return {MANIFESTS: _limited(manifests.encode())}
    try:
        return wiring.read_archive(_limited(base64.b64decode(archive or "", validate=True)))
    except binascii.Error:
        raise Invalid("The archive is no base64.", fields={"archive": "no base64"}) from None
    except BundleProblem as problem:
        raise Invalid(str(problem), fields={"archive": str(problem)}) from problem


def _named(problem: Invalid, shown_as: str) -> Invalid:
    """The bundle's own name for the text stays, since it is part of the release's digest; people know another one."""
    if problem.extra.get("file") != MANIFESTS:
        return problem
    sentence = problem.sentence.replace(MANIFESTS, shown_as, 1)
    return Invalid(sentence, fields={"bundle": sentence}, **{**problem.extra, "file": shown_as})


def _limited(data: bytes) -> bytes:
    if len(data) > MOST_BYTES:
        raise TooLarge(f"The bundle has {len(data):,} bytes; at most {MOST_BYTES:,} are taken.")
    return data
