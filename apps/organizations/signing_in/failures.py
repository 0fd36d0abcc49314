"""Failed sign-ins in the audit of every organization that trusts the account; repeated ones are told together."""

from __future__ import annotations

import structlog
from django.http import HttpRequest

from apps.audit.services import Audit, By, record
from apps.core import scopes
from apps.core.addresses import address_of
from apps.organizations.access import organizations_of
from apps.organizations.models import User

log = structlog.get_logger(__name__)


def worth_writing(failures: int) -> bool:
    """The 1st, 2nd, 4th, 8th … in a row: a stranger who goes on guessing adds lines ever more seldom."""
    return failures & (failures - 1) == 0


def audit_failure(request: HttpRequest, account: str, *, failures: int, what: str) -> None:
    """Of an account that is not there no organization is told; it is in the log."""
    if not worth_writing(failures):
        return
    address = address_of(request.META)
    user = User.objects.filter(email=account.strip().lower()).first()
    log.warning("sign_in_failed", known=user is not None, failures=failures, what=what, address=address)
    if user is None:
        return
    by = By("system", "Somebody not signed in", channel="ui", address=address)
    audit = Audit("sign-in.failed", "person", str(user), user.pk, after={"by": what, "in_a_row": failures})
    for organization in organizations_of(user):
        with scopes.organization(organization.id):
            record(by, audits=[audit])
