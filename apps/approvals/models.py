from __future__ import annotations

from django.db import models
from django.utils import timezone

from apps.core.models import TenantModel
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

    class Meta(TenantModel.Meta):
        db_table = "approval"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "rollout", "plan_digest", "person_id"], name="approval_once_per_plan"
            )
        ]

    def __str__(self) -> str:
        return f"{self.person_label} {'approved' if self.approved else 'rejected'}"
