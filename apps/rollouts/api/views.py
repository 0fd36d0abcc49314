from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.applications.access import access_application
from apps.core.api.pages import Order, page
from apps.core.problems import Invalid, NotFound
from apps.environments.access import access_environment
from apps.environments.models import Target
from apps.organizations.access import Right
from apps.organizations.api.door import OrganizationView
from apps.releases.access import access_release_by_version
from apps.rollouts import selectors
from apps.rollouts.access import access_rollout, access_target, rollouts_of
from apps.rollouts.api.shapes import event_shape, plan_shape, rollout_shape
from apps.rollouts.models import Rollout
from apps.rollouts.services import starting, steering


class StartRequest(serializers.Serializer[Any]):
    application = serializers.CharField(max_length=60)
    environment = serializers.CharField(max_length=60)
    cluster = serializers.CharField(max_length=60, required=False, default="")
    release = serializers.CharField(max_length=120)
    why = serializers.CharField(required=False, default="", allow_blank=True, max_length=4000)
    rollback = serializers.BooleanField(required=False, default=False)


class ActionRequest(serializers.Serializer[Any]):
    why = serializers.CharField(required=False, default="", allow_blank=True, max_length=4000)
    deletions = serializers.IntegerField(required=False, min_value=0)


class RolloutList(OrganizationView):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, organization: str) -> Response:
        """Newest first. Filters: application, environment, phase (comma-separated), release."""
        rows = rollouts_of(self.actor)
        for name, column in (
            ("application", "application__slug"),
            ("environment", "environment__slug"),
            ("release", "release__version"),
        ):
            if value := request.query_params.get(name):
                rows = rows.filter(**{column: value})
        if phases := request.query_params.get("phase"):
            rows = rows.filter(phase__in=phases.split(","))
        return Response(page(request, rows, Order("created_at", "id"), rollout_shape))

    @extend_schema(request=StartRequest, responses={201: dict, 200: dict})
    def post(self, request: Request, organization: str) -> Response:
        """Puts a release on a target. The same start twice answers the first one (200)."""
        asked = StartRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        application = access_application(self.actor, values["application"])
        target = self._target(application.id, values["environment"], values["cluster"])
        release = access_release_by_version(self.actor, application, values["release"])
        begin = starting.roll_back if values["rollback"] else starting.start_rollout
        started = begin(self.actor, target, release, why=values["why"])
        rollout = access_rollout(self.actor, started.rollout.id)
        return Response(rollout_shape(rollout), status=201 if started.created else 200)

    def _target(self, application_id: UUID, environment: str, cluster: str) -> Target:
        place = access_environment(self.actor, environment)
        rows = Target.objects.filter(
            application_id=application_id, environment_id=place.id, removed_at__isnull=True
        )
        if cluster:
            rows = rows.filter(cluster__slug=cluster)
        found = list(rows.values_list("id", flat=True)[:2])
        if not found:
            raise NotFound("There is no such target.")
        if len(found) > 1:
            raise Invalid(
                "This environment has several clusters; say which.", fields={"cluster": "say which"}
            )
        return access_target(self.actor, found[0])


class RolloutDetail(OrganizationView):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, organization: str, rollout: str) -> Response:
        return Response(rollout_shape(find_rollout(self, rollout)))


class RolloutPlan(OrganizationView):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, organization: str, rollout: str) -> Response:
        found = selectors.plan_of(find_rollout(self, rollout))
        if found is None:
            raise NotFound("It is not planned yet.")
        return Response(plan_shape(*found))


class RolloutExplanation(OrganizationView):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, organization: str, rollout: str) -> Response:
        row = find_rollout(self, rollout)
        return Response({**selectors.explain(row), "actions": selectors.actions_for(self.actor, row)})


class RolloutEvents(OrganizationView):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, organization: str, rollout: str) -> Response:
        """`after` is the last number you have; at most 500 come at once."""
        row = find_rollout(self, rollout)
        text = request.query_params.get("after", "0")
        if not text.isdecimal():
            raise Invalid("after is the number of the last event you have.", fields={"after": "a number"})
        events = selectors.events_after(row.id, int(text))
        return Response(
            {
                "items": [event_shape(event) for event in events],
                "next": events[-1].number if events and events[-1].number < row.event_number else None,
                "head": row.event_number,
            }
        )


class RolloutAction(OrganizationView):
    actions = {
        "abort": steering.abort,
        "stop": steering.stop_here,
        "pause": steering.pause,
        "resume": steering.resume,
        "retry": steering.retry,
    }

    @extend_schema(request=ActionRequest, responses={200: dict})
    def post(self, request: Request, organization: str, rollout: str, action: str) -> Response:
        asked = ActionRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        row = find_rollout(self, rollout)
        if action == "confirm-deletions":
            count = asked.validated_data.get("deletions")
            if count is None:
                raise Invalid("Type how many objects are deleted.", fields={"deletions": "a number"})
            done = steering.confirm_deletions(self.actor, row.id, count=count)
        else:
            done = self.actions[action](self.actor, row.id, why=asked.validated_data["why"])
        return Response(rollout_shape(access_rollout(self.actor, done.id)))


class TargetAction(OrganizationView):
    @extend_schema(request=ActionRequest, responses={200: dict})
    def post(self, request: Request, organization: str, target: UUID, action: str) -> Response:
        asked = ActionRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        why = asked.validated_data["why"]
        if action == "reapply":
            started = steering.reapply(self.actor, target, why=why)
            return Response(rollout_shape(access_rollout(self.actor, started.id)), status=201)
        access_target(self.actor, target, Right.STEER)
        lifted = steering.lift_mark(self.actor, target, why=why)
        return Response({"id": lifted.id, "needs_person": None})


def find_rollout(view: OrganizationView, text: str) -> Rollout:
    """By id, or by number as people say it."""
    if text.isdecimal():
        return access_rollout(view.actor, int(text))
    try:
        return access_rollout(view.actor, UUID(text))
    except ValueError:
        raise NotFound("There is no such rollout.") from None
