"""Tokens act as their person, or as a service account, within their scopes."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from uuid import UUID

import structlog
from django.core.cache import cache
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.audit.services import Audit, By, record
from apps.core import scopes
from apps.core.problems import Forbidden, Invalid, NotFound, Unauthenticated
from apps.organizations.access import Actor, Right, authorize
from apps.organizations.choices import TokenScope
from apps.organizations.models import ApiToken, Membership, Organization
from apps.organizations.services.more_than_oneself import check_token_within
from apps.organizations.services.shown_once import Shown, digest_of, find_by_digest

TOKEN_PREFIX = "slp_"  # noqa: S105  a prefix by which a leaked token is recognised
_MOST_NETWORKS = 20

log = structlog.get_logger(__name__)


def create_token(
    actor: Actor,
    *,
    name: str,
    token_scopes: Sequence[str],
    expires_at: datetime | None = None,
    addresses: Sequence[str] = (),
    account_id: UUID | None = None,
) -> Shown:
    """Acts as its person, or as the service account whose membership is given; never more than that may, and for an
    account never more than who makes it may."""
    authorize(actor, Right.SEE)
    unknown = [scope for scope in token_scopes if scope not in TokenScope.values]
    if unknown or not token_scopes:
        sentence = f"Scopes are one or more of {', '.join(TokenScope.values)}."
        raise Invalid(sentence, fields={"scopes": sentence})
    if actor.scopes is not None and not set(token_scopes) <= actor.scopes:
        raise Forbidden("A token makes no token that may do more than itself.")
    networks = _checked_networks(addresses)
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        _check_days(expires_at)
        account = _account(actor, account_id, token_scopes) if account_id else None
        row = ApiToken.objects.create(
            organization_id=actor.organization_id,
            user_id=account.user_id if account else actor.user_id,
            name=name[:120] or "token",
            digest=digest_of(secret),
            hint=secret[:8],
            scopes=list(dict.fromkeys(token_scopes)),
            allowed_addresses=networks,
            expires_at=expires_at,
            created_by_id=actor.user_id,
        )
        after = {"scopes": row.scopes}
        if networks:
            after["addresses"] = networks
        if account:
            after["account"] = str(account.user)
        record(actor.by, audits=[Audit("token.create", "token", row.name, row.id, after=after)])
    return Shown(secret, row)


def revoke_token(actor: Actor, identifier: UUID) -> ApiToken:
    """One's own, or anybody's for who manages people. A token ends itself, or with the scope for it another."""
    with transaction.atomic():
        token = (
            ApiToken.objects.select_for_update(of=("self",))
            .select_related("user")
            .filter(id=identifier)
            .first()
        )
        if token is None:
            raise NotFound("There is no such token.")
        itself = token.id == actor.token_id
        if token.user_id != actor.user_id or (actor.scopes is not None and not itself):
            authorize(actor, Right.MANAGE_PEOPLE)
        if token.revoked_at is None:
            token.revoked_at = timezone.now()
            token.save(update_fields=["revoked_at"])
            record(actor.by, audits=[Audit("token.revoke", "token", token.name, token.id)])
    found: ApiToken = token
    return found


def find_token(secret: str, *, address: str = "") -> ApiToken | None:
    """A living token by its secret, its person with it; notes its use at most once a minute. Raises Unauthenticated
    when it may not be used from there."""
    found = find_by_digest("slipway_find_token", digest_of(secret))
    if found is None:
        return None
    now = timezone.now()
    with scopes.organization(found[0]):
        token: ApiToken | None = (
            ApiToken.objects.select_related("user", "organization")
            .filter(id=found[1], revoked_at__isnull=True)
            .first()
        )
        if (
            token is None
            or (token.expires_at is not None and token.expires_at <= now)
            or not token.user.is_active
        ):
            return None
        astray = not may_come_from(token.allowed_addresses, address)
        if astray:
            _note_astray(token, address)
        elif token.last_used_at is None or now - token.last_used_at > timedelta(minutes=1):
            ApiToken.objects.filter(id=token.id).update(last_used_at=now, last_used_address=address[:45])
    if astray:  # after the scope's end, which would take the note back
        raise Unauthenticated(f"This token is not for use from {address or 'an unknown address'}.")
    return token


def _note_astray(token: ApiToken, address: str) -> None:
    """Once in five minutes per token and address: whoever holds it may be a thief, and may ask in a loop."""
    try:
        if not cache.add(f"astray:{token.id}:{address}", 1, timeout=300):
            return
    except Exception as error:  # noqa: BLE001  without a cache each is written
        log.warning("astray_tokens_cannot_be_counted", error=type(error).__name__)
    by = By("token", str(token.user), token.user_id, channel="api", address=address)
    after = {"allowed": token.allowed_addresses}
    record(by, audits=[Audit("token.astray", "token", token.name, token.id, after=after)])


def may_come_from(networks: Sequence[str], address: str) -> bool:
    """An address that cannot be read is in no network. IPv4 written as IPv6 is the IPv4 that it is."""
    if not networks:
        return True
    try:
        asked = ip_address(address)
    except ValueError:
        return False
    asked = getattr(asked, "ipv4_mapped", None) or asked
    return any(asked in ip_network(network) for network in networks)


def set_token_days(actor: Actor, days: int | None) -> Organization:
    """Tokens made from now on run out after at most so many days; those that would live longer run out then."""
    authorize(actor, Right.MANAGE_PEOPLE)
    if days is not None and not 1 <= days <= 3650:
        sentence = "From 1 to 3,650 days; empty for no limit."
        raise Invalid(sentence, fields={"token_days_most": sentence})
    with transaction.atomic():
        organization: Organization = Organization.objects.select_for_update(no_key=True).get(
            id=actor.organization_id
        )
        before, organization.token_days_most = organization.token_days_most, days
        if before == days:
            return organization
        organization.save(update_fields=["token_days_most"])
        shortened = 0
        if days is not None:
            latest = timezone.now() + timedelta(days=days)
            longer = Q(expires_at__isnull=True) | Q(expires_at__gt=latest)
            shortened = ApiToken.objects.filter(longer, revoked_at__isnull=True).update(expires_at=latest)
        audit = Audit(
            "organization.token-days",
            "organization",
            organization.name,
            organization.id,
            before={"days": before},
            after={"days": days, "shortened": shortened},
        )
        record(actor.by, audits=[audit])
    return organization


def _account(actor: Actor, identifier: UUID, token_scopes: Sequence[str]) -> Membership:
    authorize(actor, Right.MANAGE_PEOPLE)
    account: Membership | None = (
        Membership.objects.select_related("user").filter(id=identifier, user__is_service=True).first()
    )
    if account is None:
        raise NotFound("There is no such service account.")
    check_token_within(actor, account, token_scopes)
    return account


def _check_days(expires_at: datetime | None) -> None:
    most = Organization.objects.values_list("token_days_most", flat=True).get(id=scopes.organization_id())
    if most is None:
        return
    # A minute more: whoever asked for exactly so many days asked a moment ago.
    if expires_at is None or expires_at > timezone.now() + timedelta(days=most, minutes=1):
        sentence = f"Tokens of this organization run out after at most {most} days; say after how many."
        raise Invalid(sentence, fields={"days": sentence})


def _checked_networks(addresses: Sequence[str]) -> list[str]:
    found: dict[str, None] = {}
    for text in addresses:
        try:
            network: IPv4Network | IPv6Network = ip_network(text.strip())
        except ValueError:
            sentence = f"“{text.strip()[:60]}” is no address or network, such as 203.0.113.7 or 10.1.0.0/16."
            raise Invalid(sentence, fields={"addresses": sentence}) from None
        found[str(network)] = None
    if len(found) > _MOST_NETWORKS:
        sentence = f"At most {_MOST_NETWORKS} networks."
        raise Invalid(sentence, fields={"addresses": sentence})
    return list(found)
