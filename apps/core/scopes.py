"""The three scopes in which tenant rows can be read, entered by name. Outside of them every query fails.

A scope is a transaction plus `set_config(…, is_local := true)`: PostgreSQL forgets it at the transaction's end,
so a pooled connection never carries one to its next borrower. Row-level security reads the same settings.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

SYSTEM_ROLE = "slipway_system"
PERSON_ROLE = "slipway_person"


class OutsideScope(RuntimeError):
    """A tenant query was about to run with no organization, person or system scope around it."""


@dataclass(frozen=True, slots=True)
class Scope:
    role: str  # the PostgreSQL role, "none" for the log-in itself
    organization_id: UUID | None = None
    person_id: UUID | None = None
    reason: str = ""


_current: ContextVar[Scope | None] = ContextVar("slipway_scope", default=None)


def current() -> Scope | None:
    return _current.get()


def require() -> Scope:
    scope = _current.get()
    if scope is None:
        raise OutsideScope(
            "A tenant query needs `scopes.organization`, `scopes.person` or `scopes.system` around it."
        )
    return scope


def organization_id() -> UUID:
    """The organization whose scope this is; OutsideScope in a person's or the system's."""
    scope = require()
    if scope.organization_id is None:
        raise OutsideScope("This needs one organization's scope.")
    return scope.organization_id


def organization(identifier: UUID) -> AbstractContextManager[Scope]:
    return _enter(Scope("none", organization_id=identifier))


def person(identifier: UUID) -> AbstractContextManager[Scope]:
    """Own memberships and the organizations they belong to, nothing else."""
    return _enter(Scope(PERSON_ROLE, person_id=identifier))


def system(reason: str) -> AbstractContextManager[Scope]:
    """All organizations. For the sweeper, the dispatcher, the watcher and operators; the reason is for the reader."""
    return _enter(Scope(SYSTEM_ROLE, reason=reason))


_SET = (
    "SELECT set_config('role', %s, true), set_config('slipway.organization', %s, true), "
    "set_config('slipway.person', %s, true)"
)


def _apply(scope: Scope | None) -> None:
    scope = scope or Scope("none")
    with connection.cursor() as cursor:
        cursor.execute(_SET, [scope.role, str(scope.organization_id or ""), str(scope.person_id or "")])


@contextmanager
def _enter(scope: Scope) -> Iterator[Scope]:
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        before = _current.get()
        _apply(scope)
        token = _current.set(scope)
        try:
            yield scope
        finally:
            _current.reset(token)
        # On an exception the savepoint's rollback undoes the settings by itself.
        if not outermost and not connection.needs_rollback:
            _apply(before)
