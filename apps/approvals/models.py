from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from apps.approvals.choices import OverrideKind
from apps.core.models import TenantModel
from apps.organizations.models import Membership
from apps.rollouts.models import Rollout


class Approval(TenantModel):
    """A decision on one plan digest, its way back included. A different plan voids it."""

    rollout = models.ForeignKey(Rollout, on_delete=models.CASCADE, related_name="approvals", db_index=False)
    plan_digest = models.CharField(max_length=80)
    person_id = models.UUIDField()
    person_label = models.CharField(max_length=200)
    approved = models.BooleanField()  # False: rejected
    comment = models.TextField(blank=True)
    decided_at = models.DateTimeField(default=timezone.now)
    # Whose voice it is, where somebody decided for somebody else.
    for_person_id = models.UUIDField(null=True)
    for_person_label = models.CharField(max_length=200, blank=True)
    teams = ArrayField(models.CharField(max_length=60), default=list)  # theirs, at that moment
    plan_number = models.PositiveIntegerField(null=True)
    plan_facts = models.JSONField(
        default=dict
    )  # what was decided on, in numbers; the plan itself is kept too
    expired_at = models.DateTimeField(null=True)  # set when the same person decides again after it ran out

    class Meta(TenantModel.Meta):
        db_table = "approval"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "rollout", "plan_digest", "person_id"],
                condition=models.Q(expired_at__isnull=True),
                name="approval_once_per_plan",
            )
        ]

    def __str__(self) -> str:
        return f"{self.by} {'approved' if self.approved else 'rejected'}"

    @property
    def by(self) -> str:
        """As it is shown everywhere."""
        return f"{self.person_label} for {self.for_person_label}" if self.for_person_id else self.person_label


class Override(TenantModel):
    """A rollout that begins without what its environment asks for, and the after-review that it owes."""

    rollout = models.ForeignKey(Rollout, on_delete=models.CASCADE, related_name="overrides", db_index=False)
    kind = models.CharField(max_length=20, choices=OverrideKind.choices)
    plan_digest = models.CharField(max_length=80, blank=True)  # break-glass: over this plan alone
    by_id = models.UUIDField()
    by_label = models.CharField(max_length=200)
    reason = models.TextField()
    at = models.DateTimeField(default=timezone.now)
    review_due_at = models.DateTimeField()
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by_id = models.UUIDField(null=True)
    reviewed_by_label = models.CharField(max_length=200, blank=True)
    justified = models.BooleanField(null=True)
    review = models.TextField(blank=True)

    class Meta(TenantModel.Meta):
        db_table = "override"
        constraints = [
            models.UniqueConstraint(fields=["organization", "rollout", "kind"], name="override_once"),
            # The next one waits until the last was looked at by somebody else.
            models.UniqueConstraint(
                fields=["organization"],
                condition=models.Q(kind="break-glass", reviewed_at__isnull=True),
                name="override_waits_for_review",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "review_due_at"],
                condition=models.Q(reviewed_at__isnull=True),
                name="override_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.by_label} {self.kind}"


class Delegation(TenantModel):
    """The holder may decide in the giver's place until it ends. Goes with either membership."""

    giver = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="delegations_given")
    holder = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="delegations_held")
    created_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)  # taken back, or replaced by a newer one

    class Meta(TenantModel.Meta):
        db_table = "delegation"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "giver", "holder"],
                condition=models.Q(ended_at__isnull=True),
                name="delegation_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.holder_id} for {self.giver_id}"
