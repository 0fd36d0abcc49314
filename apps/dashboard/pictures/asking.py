"""Which rows ask for one person. One place, so that what is counted is what is listed."""

from __future__ import annotations

from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, QuerySet, Subquery, Value

from apps.approvals.models import Approval, Override
from apps.environments.models import Target
from apps.organizations.access import OF_GRANT, Actor, Right, decide, scope_allows
from apps.rollouts.models import Rollout
from slipway.engine.phases import QUEUED, Kind, Phase

_MOST_FAILURES = 50  # of one's own, looked at for being the last word on their target

# Said as the partial index of those that wait says it, then narrowed: the other half of QUEUED waits for no person.
_WAITING = Q(phase__in=[str(phase) for phase in QUEUED]) & Q(phase=str(Phase.WAITING))


def asked_of(actor: Actor) -> QuerySet[Rollout]:
    """Rollouts that wait for this person's decision or for a number they may type; oldest first."""
    decided = Approval.objects.filter(
        rollout_id=OuterRef("id"), person_id=actor.user_id, plan_digest=OuterRef("plan_digest")
    )
    to_decide = (
        Q(asks_approval=True)
        & _where(actor, Right.APPROVE)
        & (Q(requested_by_id__isnull=True) | ~Q(requested_by_id=actor.user_id))
        & Q(left_out=False)
        & ~Exists(decided)
    )
    unattended = Q(approvals_needed=0, kind=str(Kind.FORWARD))
    to_type = Q(asks_deletions=True) & (
        _where(actor, Right.START) | (unattended & _where(actor, Right.START_UNAPPROVED))
    )
    rows: QuerySet[Rollout] = Rollout.objects.filter(_WAITING)
    return (
        rows.annotate(
            asks_approval=_holds("approval"),
            asks_deletions=_holds("deletions"),
            left_out=_path(f'$[*] ? (@.not_by[*] == "{actor.user_id}")'),
        )
        .filter(to_decide | to_type)
        .defer("progress", "policy")
        .order_by("phase_since", "id")
    )


def people_needed(actor: Actor) -> QuerySet[Target]:
    """Targets that nothing automatic touches any more, where this person may do something; oldest first."""
    rows: QuerySet[Target] = Target.objects.filter(
        _where(actor, Right.STEER), troubled=True, needs_person_since__isnull=False
    )
    return rows.order_by("needs_person_since", "id")


def owed_reviews(actor: Actor) -> QuerySet[Override]:
    """What somebody else let through without its approvals and this person may look at afterwards; first due first."""
    may = Rollout.objects.filter(_where(actor, Right.APPROVE)).values("id")
    rows: QuerySet[Override] = Override.objects.filter(reviewed_at__isnull=True, rollout_id__in=may)
    return rows.exclude(by_id=actor.user_id).order_by("review_due_at", "id")


def own_waiting(actor: Actor) -> QuerySet[Rollout]:
    """Asked for by this person, waiting for anybody else; oldest first."""
    rows: QuerySet[Rollout] = Rollout.objects.filter(_WAITING, requested_by_id=actor.user_id)
    asked = asked_of(actor).order_by().filter(requested_by_id=actor.user_id).values("id")
    return rows.exclude(id__in=asked).order_by("phase_since", "id")


def own_failures(actor: Actor) -> list[Rollout]:
    """Of this person's newest failures those after which nobody began anything else there; newest first. `back` is
    what became of the way back, None without one."""
    newest: QuerySet[Rollout] = Rollout.objects.filter(
        requested_by_id=actor.user_id,
        phase__in=[str(Phase.FAILED), str(Phase.ERRORED)],
    ).order_by("-number")
    numbers = list(newest.values_list("number", flat=True)[:_MOST_FAILURES])
    if not numbers:
        return []
    way_back = Rollout.objects.filter(undoes_id=OuterRef("id"), target_id=OuterRef("target_id"))
    rows = (
        Rollout.objects.filter(number__in=numbers)
        .annotate(
            last=F("target__last_rollout_number"),
            back=Subquery(way_back.order_by("-number").values("phase")[:1]),
            back_number=Subquery(way_back.order_by("-number").values("number")[:1]),
        )
        .select_related("application", "release", "environment", "way_back_release")
        .defer("progress", "policy", "way_back_release__sealed_bundle", "release__sealed_bundle")
        .order_by("-number")
    )
    return [row for row in rows if row.last in {row.number, row.back_number}]


def _where(actor: Actor, right: Right) -> Q:
    """The places in which they may: all of them by their role, or those of their grants."""
    if decide(actor, right).allowed:
        return Q(organization_id=actor.organization_id)
    places = Q(pk__in=[])
    if not scope_allows(actor.scopes, right):
        return places
    for held in actor.grants:
        if right not in OF_GRANT[held.right]:
            continue
        place = Q(organization_id=actor.organization_id)
        if held.environment_id is not None:
            place &= Q(environment_id=held.environment_id)
        if held.application_id is not None:
            place &= Q(application_id=held.application_id)
        places |= place
    return places


def _holds(gate: str) -> Func:
    return _path(f'$[*] ? (@.gate == "{gate}" && @.answer != "pass")')


def _path(path: str) -> Func:
    return Func(
        F("reasons"),
        Value(path),
        function="jsonb_path_exists",
        template=_TEMPLATE,
        output_field=BooleanField(),
    )


_TEMPLATE = "%(function)s(%(expressions)s::jsonpath)"
