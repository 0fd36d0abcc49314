from __future__ import annotations

from celery import shared_task

from apps.organizations.signing_in import attempts


@shared_task(name="organizations.forget_failures")
def forget_failures() -> None:
    """Of sign-ins, after a day: they slow nobody any more."""
    attempts.forget_old()
