"""People, organizations, and who may do what where."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from apps.core.ids import uuid7
from apps.core.models import TenantManager, TenantModel
from apps.organizations.choices import GrantedRight, Role
from apps.organizations.connections.models import Connection, VerifiedDomain
from apps.organizations.signing_in.models import AddressChange, FailedSignIns, UsedCode


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person, known by e-mail; belongs to no organization by itself."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(unique=True)  # stored in lower case
    name = models.CharField(max_length=120, blank=True)
    is_staff = models.BooleanField(default=False)  # operators: Django admin
    is_active = models.BooleanField(default=True)
    is_service = models.BooleanField(
        default=False
    )  # a service account of one organization; nobody signs in as it
    date_joined = models.DateTimeField(default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        db_table = "person"

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return (self.name or self.email).split("@")[0].split(" ")[0]


class Organization(models.Model):
    """The tenant."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=timezone.now)
    simulated = models.BooleanField(default=False)  # the demo's: shown as such
    token_days_most = models.PositiveSmallIntegerField(
        null=True
    )  # a token runs out after so many days; None: any
    connection_from = models.DateTimeField(
        null=True
    )  # from then on it opens to who came by a connection of its own; None: to its people however they came
    second_factor_from = models.DateTimeField(
        null=True
    )  # from then on it opens to sessions that showed one; never: None

    objects: ClassVar[Any] = TenantManager()

    class Meta:
        db_table = "organization"
        base_manager_name = "objects"

    def __str__(self) -> str:
        return self.name


class Membership(TenantModel):
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)
    created_at = models.DateTimeField(default=timezone.now)
    breaks_glass = models.BooleanField(default=False)  # an owner who gets in though the connection is broken
    suspended_at = models.DateTimeField(null=True)  # keeps role, teams and grants, and opens nothing
    suspended_by_label = models.CharField(max_length=200, blank=True)

    class Meta(TenantModel.Meta):
        db_table = "membership"
        constraints = [models.UniqueConstraint(fields=["organization", "user"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role}"


class Team(TenantModel):
    """People who are named together: in grants, and where an approval must come from."""

    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        db_table = "team"
        constraints = [models.UniqueConstraint(fields=["organization", "slug"], name="team_once")]

    def __str__(self) -> str:
        return self.name


class TeamMember(TenantModel):
    """Goes with its membership: who leaves the organization leaves its teams."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="members")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="teams")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        db_table = "team_member"
        constraints = [
            models.UniqueConstraint(fields=["organization", "team", "membership"], name="team_member_once")
        ]

    def __str__(self) -> str:
        return f"{self.team_id} {self.membership_id}"


class Grant(TenantModel):
    """One right, given to a person or to a team by somebody else, somewhere. No environment: in all of them; no
    application: for all of them."""

    membership = models.ForeignKey(Membership, null=True, on_delete=models.CASCADE, related_name="grants")
    team = models.ForeignKey(Team, null=True, on_delete=models.CASCADE, related_name="grants")
    environment_id = models.UUIDField(null=True)  # its composite key is added where environments are made,
    application_id = models.UUIDField(null=True)  # and where applications are
    right = models.CharField(max_length=20, choices=GrantedRight.choices)
    given_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        db_table = "environment_grant"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "membership", "team", "environment_id", "application_id", "right"],
                name="grant_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(membership__isnull=False, team__isnull=True)
                | models.Q(membership__isnull=True, team__isnull=False),
                name="grant_to_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.membership_id or self.team_id} {self.right}"


class Invitation(TenantModel):
    """A single-use link that an owner copies; only its digest is stored."""

    digest = models.BinaryField(unique=True)
    email = models.EmailField()
    role = models.CharField(max_length=20, choices=Role.choices)
    invited_by_label = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        db_table = "invitation"

    def __str__(self) -> str:
        return self.email


class OwnershipTransfer(TenantModel):
    """Asked for by an owner, confirmed by who is to be one; at most one is open per organization."""

    giver = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    taker = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    giver_becomes = models.CharField(max_length=20, choices=Role.choices)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        db_table = "ownership_transfer"
        constraints = [models.UniqueConstraint(fields=["organization"], name="one_transfer_at_a_time")]

    def __str__(self) -> str:
        return f"{self.giver_id} to {self.taker_id}"


class ApiToken(TenantModel):
    """Acts as its person within its scopes. The secret is shown once; only its SHA-256 is stored."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=120)
    digest = models.BinaryField(unique=True)
    hint = models.CharField(max_length=12)  # the first characters, to tell tokens apart
    scopes = ArrayField(models.CharField(max_length=20))
    allowed_addresses = ArrayField(
        models.CharField(max_length=50), default=list
    )  # networks; none: from anywhere
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    last_used_address = models.CharField(max_length=45, blank=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        db_table = "api_token"

    def __str__(self) -> str:
        return f"{self.name} {self.hint}…"


__all__ = [
    "AddressChange",
    "ApiToken",
    "Connection",
    "FailedSignIns",
    "Grant",
    "GrantedRight",
    "Invitation",
    "Membership",
    "Organization",
    "OwnershipTransfer",
    "Role",
    "Team",
    "TeamMember",
    "UsedCode",
    "User",
    "VerifiedDomain",
]
