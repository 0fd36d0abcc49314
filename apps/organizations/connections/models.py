"""An organization's own ways in. Rows of ours, never allauth's SocialApp: its keys are chosen by whoever sets it up, and
so reach other tenants' people."""

from __future__ import annotations

import secrets

from django.db import models
from django.utils import timezone

from apps.core.models import TenantModel
from apps.organizations.choices import ConnectionStatus, Role


def random_key() -> str:
    """Names a connection to allauth, in its callback's address and on each identity. Never an issuer or a slug: of
    those two organizations can have the same."""
    return secrets.token_hex(16)


def random_proof() -> str:
    return f"slipway-domain={secrets.token_hex(16)}"


class Connection(TenantModel):
    """To one identity provider, by OpenID Connect."""

    key = models.CharField(max_length=32, unique=True, default=random_key, editable=False)
    name = models.CharField(max_length=80)
    metadata_url = models.CharField(max_length=500)
    issuer = models.CharField(
        max_length=500
    )  # as it was when it was set up: tokens of another one are refused
    authorization_origin = models.CharField(max_length=300)  # where the start page's form may lead
    client_id = models.CharField(max_length=300)
    secret = models.BinaryField()  # encrypted
    status = models.CharField(max_length=10, choices=ConnectionStatus.choices, default=ConnectionStatus.DRAFT)
    admits_new = models.BooleanField(default=True)  # persons nobody invited, from verified domains
    default_role = models.CharField(max_length=20, choices=Role.choices, default=Role.VIEWER)
    groups_claim = models.CharField(max_length=60, default="groups")
    role_of_group = models.JSONField(default=dict)  # {group: role}
    team_of_group = models.JSONField(default=dict)  # {group: team's short name}
    changed_at = models.DateTimeField(default=timezone.now)  # sign-ins from before open nothing any more
    tested_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        db_table = "connection"
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="connection_once")]

    def __str__(self) -> str:
        return self.name


class VerifiedDomain(TenantModel):
    """A domain that the organization claims; its own once the name system shows the proof."""

    domain = models.CharField(max_length=253)
    proof = models.CharField(max_length=60, default=random_proof, editable=False)
    verified_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        db_table = "verified_domain"
        constraints = [
            models.UniqueConstraint(fields=["organization", "domain"], name="verified_domain_once")
        ]

    def __str__(self) -> str:
        return self.domain
