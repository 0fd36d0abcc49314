"""What the database says when two requests meet, or when it is away, as a refusal in words."""

from __future__ import annotations

import psycopg
import structlog
from django.db import Error, IntegrityError, InterfaceError, OperationalError

from apps.core.problems import Conflict, Problem

log = structlog.get_logger(__name__)


class Away(Problem):
    status = 503
    kind = "away"
    title = "Not now"


def as_refusal(error: Exception) -> Problem | None:
    """None: it is something else."""
    if not isinstance(error, Error):
        return None
    cause = error.__cause__
    if isinstance(error, IntegrityError) and isinstance(cause, psycopg.errors.UniqueViolation):
        # Services look first and refuse in their own words; this one came between the look and the write.
        return Conflict("Somebody did the same at this very moment. Look at what is there now.")
    if isinstance(cause, psycopg.errors.DeadlockDetected | psycopg.errors.LockNotAvailable):
        return Conflict("Somebody else is changing the same at this very moment. Try again.")
    if isinstance(error, OperationalError | InterfaceError):
        log.error("database_away", error=str(error))
        return Away("The database does not answer; nothing of this request was kept. Try again in a moment.")
    return None
