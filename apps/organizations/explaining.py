"""Why somebody may or may not do something, in sentences. The answer is `decide`'s; the sentences say what it weighed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.utils import timezone

from apps.core.problems import Invalid, NotFound
from apps.organizations.access import (
    NEVER_A_SERVICE,
    OF_GRANT,
    OF_ROLE,
    Actor,
    Right,
    actor_of,
    authorize,
    covering,
    decide,
    scope_allows,
)
from apps.organizations.models import ApiToken, Membership
from apps.organizations.signing_in.factors import FACTORS
from apps.organizations.standing import HeldGrant, with_standing

ACTIONS = {right.name.lower().replace("_", "-"): right for right in Right}
_ALSO = {"deploy": Right.START, "abort": Right.STEER, "roll-back": Right.STEER, "release": Right.MAKE_RELEASE}


@dataclass(frozen=True, slots=True)
class Place:
    """What is asked about; without ids the whole organization. `names` are those of grants' places."""

    label: str
    environment_id: UUID | None = None
    application_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    allowed: bool
    sentence: str
    because: tuple[str, ...]


def right_named(action: str) -> Right:
    right = ACTIONS.get(action) or _ALSO.get(action)
    if right is None:
        sentence = f"There is no action called {action[:60]}; there are {', '.join(ACTIONS)}."
        raise Invalid(sentence, fields={"action": sentence})
    return right


def person_named(actor: Actor, person: str) -> Membership:
    """By e-mail, by a service account's name or by the member's id; oneself, or anybody for who manages people or
    reads the audit."""
    rows = with_standing(Membership.objects.select_related("user", "organization"))
    text = person.strip()
    try:
        found = rows.filter(id=UUID(text)).first()
    except ValueError:
        found = (
            rows.filter(user__email=text.lower()).first()
            or rows.filter(user__is_service=True, user__name__iexact=text).first()
        )
    oneself = found is not None and found.user_id == actor.user_id
    if not oneself and not decide(actor, Right.SEE_AUDIT).allowed:
        authorize(actor, Right.MANAGE_PEOPLE)
    if found is None:
        raise NotFound("There is no such member. Name them by e-mail, a service account by its name.")
    return found


def explain(
    membership: Membership,
    right: Right,
    place: Place,
    *,
    names: Mapping[UUID, str],
    token: ApiToken | None = None,
) -> Explanation:
    """Of a membership that was read `with_standing`, inside the organization's scope."""
    user = membership.user
    scopes = frozenset(token.scopes) if token else None
    asked = actor_of(
        membership,
        user,
        channel="explain",
        token_id=token.id if token else None,
        token_scopes=scopes,
    )
    decision = decide(asked, right, environment_id=place.environment_id, application_id=place.application_id)
    shut = _shut(membership)
    may = decision.allowed and not shut
    sentence = f"{user} {'may' if may else 'may not'} {right} ({place.label})."
    because = [*shut, *_token(asked, token, right), _role(asked, right), _teams(asked)]
    return Explanation(
        may, sentence, (*because, *_grants(asked, right, place, names), *_session(membership, asked))
    )


def _shut(membership: Membership) -> list[str]:
    found = []
    if not membership.user.is_active:
        found.append("Account: it is shut, so nothing opens.")
    if membership.suspended_at is not None:
        since = membership.suspended_at.date().isoformat()
        by = membership.suspended_by_label or "somebody"
        found.append(f"Suspended: since {since} by {by}; role, teams and grants are kept and open nothing.")
    return found


def _token(asked: Actor, token: ApiToken | None, right: Right) -> list[str]:
    if token is None:
        return []
    lets = "let" if scope_allows(asked.scopes, right) else "do not let"
    words = [f"Token: the scopes of {token.name} ({', '.join(sorted(token.scopes))}) {lets} it {right}."]
    over = token.expires_at is not None and token.expires_at <= timezone.now()
    if token.revoked_at is not None or over:
        words.append(
            f"Token: {token.name} is {'revoked' if token.revoked_at else 'run out'}, so it opens nothing."
        )
    if token.allowed_addresses:
        words.append(f"Token: it works only from {', '.join(token.allowed_addresses)}.")
    return words


def _role(asked: Actor, right: Right) -> str:
    if asked.is_service and right in NEVER_A_SERVICE:
        return f"Service account: no service account may {right}; a person does."
    lets = "lets" if right in OF_ROLE.get(asked.role, frozenset()) else "does not let"
    return f"Role: {asked.role} {lets} them {right}."


def _teams(asked: Actor) -> str:
    names = sorted(team.name for team in asked.teams)
    return f"Teams: {', '.join(names)}." if names else "Teams: none."


def _grants(asked: Actor, right: Right, place: Place, names: Mapping[UUID, str]) -> list[str]:
    if not asked.grants:
        return ["Grants: none."]
    holding = covering(asked.grants, place.environment_id, place.application_id)
    lines = []
    for held in sorted(asked.grants, key=lambda held: (held.team, held.right, str(held))):
        if right not in OF_GRANT[held.right]:
            counts = "is for something else"
        elif held in holding:
            counts = "counts here"
        else:
            counts = "does not reach here"
        to = f"team {held.team}" if held.team else "their own"
        lines.append(f"Grant ({to}): {held.right} {_reach(held, names)}; it {counts}.")
    return lines


def _reach(held: HeldGrant, names: Mapping[UUID, str]) -> str:
    what = names.get(held.application_id, "one application") if held.application_id else "every application"
    where = names.get(held.environment_id, "one environment") if held.environment_id else "every environment"
    return f"{what} in {where}"


def _session(membership: Membership, asked: Actor) -> list[str]:
    organization = membership.organization
    now, lines = timezone.now(), []
    if asked.is_service:
        return []
    if organization.second_factor_from is not None and organization.second_factor_from <= now:
        has = Authenticator.objects.filter(user_id=membership.user_id, type__in=FACTORS).exists()
        state = (
            "they have one, and show it when they sign in" if has else "they have none, so nothing opens yet"
        )
        lines.append(f"Session: {organization} requires a second factor; {state}.")
    if organization.connection_from is not None and organization.connection_from <= now:
        except_ = "; they may break the glass" if membership.breaks_glass else ""
        lines.append(f"Session: {organization} opens to who came by its single sign-on{except_}.")
    return lines
