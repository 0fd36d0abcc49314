from __future__ import annotations

from celery import shared_task

from apps.audit.sealing import seal_head, unsealed
from apps.core import scopes


@shared_task(name="audit.seal_heads")
def seal_heads() -> None:
    """Each in a transaction of its own: one that cannot be signed leaves the others signed."""
    for organization_id in unsealed():
        with scopes.organization(organization_id):
            seal_head()
