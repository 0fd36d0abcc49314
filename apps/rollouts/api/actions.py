from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.organizations.api.door import OrganizationView
from apps.rollouts.access import access_rollout
from apps.rollouts.api.finding import find_rollout
from apps.rollouts.api.shapes import RolloutShape, rollout_shape
from apps.rollouts.services import steering


class WhyRequest(serializers.Serializer[Any]):
    why = serializers.CharField(required=False, default="", allow_blank=True, max_length=4000)


class DeletionsRequest(serializers.Serializer[Any]):
    deletions = serializers.IntegerField(min_value=0, max_value=1_000_000)


class RolloutAction(OrganizationView):
    """abort: always wins. stop: ends it where it stands, nothing is taken back. pause, resume. retry: begins a new
    rollout of the same release, which is what is answered."""

    actions = {
        "abort": steering.abort,
        "stop": steering.stop_here,
        "pause": steering.pause,
        "resume": steering.resume,
        "retry": steering.retry,
    }

    @extend_schema(
        parameters=[OpenApiParameter("action", str, OpenApiParameter.PATH, enum=list(actions))],
        request=WhyRequest,
        responses=RolloutShape,
    )
    def post(self, request: Request, organization: str, rollout: str, action: str) -> Response:
        asked = WhyRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        row = find_rollout(self.actor, rollout)
        done = self.actions[action](self.actor, row.id, why=asked.validated_data["why"])
        return Response(rollout_shape(access_rollout(self.actor, done.id)))


class RolloutConfirmDeletions(OrganizationView):
    @extend_schema(request=DeletionsRequest, responses=RolloutShape)
    def post(self, request: Request, organization: str, rollout: str) -> Response:
        """How many objects the plan deletes, typed by a person who has read it."""
        asked = DeletionsRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        row = find_rollout(self.actor, rollout)
        done = steering.confirm_deletions(self.actor, row.id, count=asked.validated_data["deletions"])
        return Response(rollout_shape(access_rollout(self.actor, done.id)))
