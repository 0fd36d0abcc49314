"""What an owner does to the organization's connections, its domains, and whether it opens by them alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.audit.services import Audit, record
from apps.core.problems import Conflict, Invalid, NotFound
from apps.organizations.access import Actor, Right, authorize
from apps.organizations.choices import ConnectionStatus, Role
from apps.organizations.connections.claims import MAPPED_ROLES
from apps.organizations.connections.finding import seal_secret
from apps.organizations.connections.models import random_key
from apps.organizations.models import Connection, Membership, Organization, VerifiedDomain
from slipway.ports.names import NamesUnavailable
from slipway.ports.web import Unanswered
from slipway.wiring import documents, text_records

_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
_WELL_KNOWN = "/.well-known/openid-configuration"
_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
PROOF_NAME = "_slipway"  # the record stands under this label of the domain


def read_metadata(url: str) -> dict[str, str]:
    """Issuer and where its form may lead. Asks the provider, so call it while no transaction is open. Raises Invalid."""
    url = url.strip()
    if not url.startswith(("https://", "http://")) or len(url) > 500 or any(sign in url for sign in "?#@ "):
        raise _wrong("metadata_url", "An address starts with https:// and has no query or fragment.")
    if "/.well-known/" not in url:
        url = url.rstrip("/") + _WELL_KNOWN
    try:
        said = documents().read_json(url)
    except Unanswered as error:
        raise _wrong("metadata_url", str(error)) from None
    issuer = said.get("issuer")
    missing = [name for name in _ENDPOINTS if not isinstance(said.get(name), str)]
    if not isinstance(issuer, str) or missing:
        raise _wrong(
            "metadata_url",
            f"This is no OpenID Connect metadata: {', '.join(missing) or 'issuer'} is missing.",
        )
    # OpenID Connect Discovery 4.3: else a provider would pass itself off as another one.
    if url != issuer.rstrip("/") + _WELL_KNOWN:
        raise _wrong(
            "metadata_url", f"Its issuer is {issuer[:200]}, whose metadata would be at another address."
        )
    parts = urlsplit(said["authorization_endpoint"])
    if not re.fullmatch(r"[A-Za-z0-9.:\[\]-]+", parts.netloc) or parts.scheme not in {
        "https",
        urlsplit(url).scheme,
    }:
        raise _wrong(
            "metadata_url", "Its authorization endpoint is no address that a browser could be sent to."
        )
    return {
        "metadata_url": url,
        "issuer": issuer,
        "authorization_origin": f"{parts.scheme}://{parts.netloc}",
    }


def add_connection(
    actor: Actor, *, name: str, client_id: str, secret: str, metadata: Mapping[str, str]
) -> Connection:
    """A draft: its test button works and nothing else."""
    authorize(actor, Right.MANAGE_OWNERS)
    _check(name=name, client_id=client_id, secret=secret)
    key = random_key()
    try:
        with transaction.atomic():
            row: Connection = Connection.objects.create(
                organization_id=actor.organization_id,
                key=key,
                name=name,
                client_id=client_id,
                secret=seal_secret(secret, key),
                **metadata,
            )
    except IntegrityError:
        raise Conflict("", fields={"name": "There is a connection of this name already."}) from None
    _audit(actor, "connection.add", row, after={"issuer": row.issuer, "client_id": client_id})
    return row


def rotate_secret(actor: Actor, identifier: UUID, *, secret: str) -> None:
    """Who is signed in stays so: the provider is the same."""
    row = access_connection(actor, identifier)
    _check(name=row.name, client_id=row.client_id, secret=secret)
    row.secret = seal_secret(secret, row.key)
    row.save(update_fields=["secret"])
    _audit(actor, "connection.rotate-secret", row)


def change_mapping(
    actor: Actor,
    identifier: UUID,
    *,
    admits_new: bool,
    default_role: str,
    groups_claim: str,
    role_of_group: Mapping[str, str],
    team_of_group: Mapping[str, str],
) -> None:
    row = access_connection(actor, identifier)
    if default_role not in MAPPED_ROLES:
        raise _wrong("default_role", "A connection makes nobody an owner; choose another role.")
    wrong = sorted({role for role in role_of_group.values() if role not in MAPPED_ROLES})
    if wrong:
        raise _wrong("roles", f"“{wrong[0]}” is no role that a group can bring: {', '.join(MAPPED_ROLES)}.")
    before = _mapping(row)
    row.admits_new, row.default_role = admits_new, default_role
    row.groups_claim = groups_claim.strip()[:60] or "groups"
    row.role_of_group, row.team_of_group = dict(role_of_group), dict(team_of_group)
    row.save(update_fields=list(before))
    _audit(actor, "connection.mapping", row, before=before, after=_mapping(row))


def switch_on(actor: Actor, identifier: UUID) -> None:
    row = access_connection(actor, identifier)
    if row.tested_at is None or row.tested_at < row.changed_at:
        raise Conflict("Test it first: what the provider says is shown before anybody signs in by it.")
    if row.status != ConnectionStatus.ON:
        row.status = ConnectionStatus.ON
        row.save(update_fields=["status"])
        _audit(actor, "connection.on", row)


def switch_off(actor: Actor, identifier: UUID) -> None:
    """Sessions that came by it are shut within seconds, and stay so when it is on again."""
    row = access_connection(actor, identifier)
    others = Connection.objects.filter(status=ConnectionStatus.ON).exclude(id=row.id)
    organization = Organization.objects.get(id=actor.organization_id)
    if organization.connection_from is not None and not others.exists():
        raise Conflict("The organization opens by this connection alone. Let people in in other ways first.")
    if row.status == ConnectionStatus.ON:
        row.status, row.changed_at = ConnectionStatus.DRAFT, timezone.now()
        row.save(update_fields=["status", "changed_at"])
        _audit(actor, "connection.off", row)


def require_connection(actor: Actor, *, glass_breaker: UUID | None) -> None:
    """From now on the organization opens only to who came by a connection of its own. The one who asks for it has, so
    that it works; one owner is named who gets in without, for the day when it does not."""
    authorize(actor, Right.MANAGE_OWNERS)
    if actor.opened_by is None:
        raise Conflict("Sign in by the connection yourself first: then it is sure to open.")
    with transaction.atomic():
        owner = (
            Membership.objects.select_for_update(of=("self",))
            .select_related("user")
            .filter(id=glass_breaker, role=Role.OWNER, suspended_at__isnull=True)
            .first()
        )
        if owner is None or not owner.user.has_usable_password():
            raise _wrong("glass_breaker", "Name an owner who has a password of their own.")
        Membership.objects.filter(breaks_glass=True).exclude(id=owner.id).update(breaks_glass=False)
        Membership.objects.filter(id=owner.id).update(breaks_glass=True)
        Organization.objects.filter(id=actor.organization_id, connection_from__isnull=True).update(
            connection_from=timezone.now()
        )
        _audit_organization(actor, "connection.require", after={"breaks_glass": str(owner.user)})


def release_connection(actor: Actor) -> None:
    authorize(actor, Right.MANAGE_OWNERS)
    with transaction.atomic():
        Organization.objects.filter(id=actor.organization_id).update(connection_from=None)
        Membership.objects.filter(breaks_glass=True).update(breaks_glass=False)
        _audit_organization(actor, "connection.release")


def add_domain(actor: Actor, *, domain: str) -> VerifiedDomain:
    authorize(actor, Right.MANAGE_OWNERS)
    domain = domain.strip().lower().rstrip(".")
    if not _DOMAIN.fullmatch(domain):
        raise _wrong("domain", "A domain looks like example.com; other scripts in their xn-- form.")
    row: VerifiedDomain
    row, made = VerifiedDomain.objects.get_or_create(organization_id=actor.organization_id, domain=domain)
    if made:
        record(actor.by, audits=[Audit("domain.add", "domain", domain, row.id)])
    return row


def domain_shows(domain: str, proof: str) -> bool:
    """Asks the name system, so call it while no transaction is open. Raises Conflict when that does not answer."""
    try:
        return proof in text_records().texts(f"{PROOF_NAME}.{domain}")
    except NamesUnavailable:
        raise Conflict("The name system does not answer. Try again in a minute.") from None


def record_domain(actor: Actor, identifier: UUID, *, shown: bool) -> None:
    """A domain whose proof is gone is not the organization's any more."""
    row = access_domain(actor, identifier)
    if shown != (row.verified_at is not None):
        row.verified_at = timezone.now() if shown else None
        row.save(update_fields=["verified_at"])
        act = "domain.verify" if shown else "domain.lose"
        record(actor.by, audits=[Audit(act, "domain", row.domain, row.id)])


def remove_domain(actor: Actor, identifier: UUID) -> None:
    row = access_domain(actor, identifier)
    row.delete()
    record(actor.by, audits=[Audit("domain.remove", "domain", row.domain, identifier)])


def access_connection(actor: Actor, identifier: UUID) -> Connection:
    authorize(actor, Right.MANAGE_OWNERS)
    row: Connection | None = Connection.objects.filter(id=identifier).first()
    if row is None:
        raise NotFound("There is no such connection.")
    return row


def access_domain(actor: Actor, identifier: UUID) -> VerifiedDomain:
    authorize(actor, Right.MANAGE_OWNERS)
    row: VerifiedDomain | None = VerifiedDomain.objects.filter(id=identifier).first()
    if row is None:
        raise NotFound("There is no such domain.")
    return row


def _mapping(row: Connection) -> dict[str, Any]:
    names = ("admits_new", "default_role", "groups_claim", "role_of_group", "team_of_group")
    return {name: getattr(row, name) for name in names}


def _check(*, name: str, client_id: str, secret: str) -> None:
    wrong = {}
    if not name or len(name) > 40:
        wrong["name"] = "A name has 1 to 40 characters."
    if not client_id or len(client_id) > 300:
        wrong["client_id"] = "As the provider shows it; at most 300 characters."
    if not secret or len(secret) > 500:
        wrong["secret"] = "As the provider shows it; at most 500 characters."  # noqa: S105  a sentence
    if wrong:
        raise Invalid("Something is missing.", fields=wrong)


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={field: sentence})


def _audit(actor: Actor, act: str, row: Connection, *, before: Any = None, after: Any = None) -> None:
    record(actor.by, audits=[Audit(act, "connection", row.name, row.id, before=before, after=after)])


def _audit_organization(actor: Actor, act: str, *, after: Any = None) -> None:
    audit = Audit(act, "organization", actor.organization_slug, actor.organization_id, after=after)
    record(actor.by, audits=[audit])
