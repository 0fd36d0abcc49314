"""What people keep of the pages themselves."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from apps.core.models import TenantModel


class SavedView(TenantModel):
    """A way of looking at home, by its address: `?view=<slug>` in a link says the same as `query`."""

    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000)  # as it stands behind the question mark, in one canonical order
    person_id = models.UUIDField()
    person_label = models.CharField(max_length=200)
    shared = models.BooleanField(default=False)  # with everybody in the organization
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        db_table = "saved_view"
        constraints = [models.UniqueConstraint(fields=["organization", "slug"], name="saved_view_slug")]
        indexes = [models.Index(fields=["organization", "person_id", "name"], name="saved_view_person")]

    def __str__(self) -> str:
        return self.name
