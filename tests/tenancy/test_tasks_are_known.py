"""A worker drops a message whose name it does not know with a log line only. So each name is resolved here."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from apps.core import scopes
from tests.people import People

CHECKOUT = Path(__file__).resolve().parents[2]
_NAME = re.compile(r"[a-z]+\.[a-z_]+")


def _known() -> set[str]:
    from slipway.celery import app

    app.loader.import_default_modules()
    return {name for name in app.tasks if not name.startswith("celery.")}


def _sources() -> Iterator[tuple[Path, ast.Module]]:
    for path in [*CHECKOUT.glob("apps/**/*.py"), *CHECKOUT.glob("platform/slipway/**/*.py")]:
        if "migrations" not in path.parts:
            yield path, ast.parse(path.read_text())


def _dotted(path: Path) -> str:
    return ".".join(path.relative_to(CHECKOUT).with_suffix("").parts).removeprefix("platform.")


def _constant(module: Any, node: ast.expr) -> str | None:
    """The text of a literal, or of a constant that the module has or imports."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Name):
        return getattr(module, node.id, None)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return getattr(getattr(module, node.value.id, None), node.attr, None)
    return None


def _sent() -> Iterator[tuple[str, str]]:
    for path, tree in _sources():
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                continue
            called = node.func.attr
            of_outbox = isinstance(node.func.value, ast.Name) and node.func.value.id == "outbox"
            if called == "send_task" or (called == "send" and of_outbox):
                name = _constant(importlib.import_module(_dotted(path)), node.args[0])
                passes_on = path.name == "outbox.py"  # it sends what others named
                assert name is not None or passes_on, (
                    f"{path}:{node.lineno}: write the task's name as a constant"
                )
                if name:
                    yield name, f"{path.relative_to(CHECKOUT)}:{node.lineno}"


def test_every_name_that_is_sent_is_one_that_a_worker_knows() -> None:
    known, sent = _known(), list(_sent())
    assert {name for name, _ in sent} >= {"pipelines.release_made", "rollouts.advance"}
    unknown = [(name, where) for name, where in sent if name not in known]
    assert unknown == []


def test_every_tick_of_the_beat_is_one_that_a_worker_knows() -> None:
    from apps.core.management.commands.ensure_schedule import TICKS

    named = {tick.task for tick in TICKS}
    named |= {tick["task"] for tick in getattr(settings, "CELERY_BEAT_SCHEDULE", {}).values()}
    assert "rollouts.sweep" in named
    assert named <= _known()


@pytest.mark.django_db
def test_keys_of_writes_are_forgotten_after_two_days(people: People) -> None:
    from apps.core.models import IdempotencyKey
    from apps.core.tasks import forget_keys

    now = timezone.now()
    with scopes.organization(people.acme.id):
        for key, age in (("old", 49), ("young", 47)):
            IdempotencyKey.objects.create(
                organization_id=people.acme.id,
                actor_id=people.ana.pk,
                key=key,
                fingerprint=b"x",
                created_at=now - timedelta(hours=age),
            )
    forget_keys()
    with scopes.organization(people.acme.id):
        assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["young"]


def test_names_are_an_app_and_a_verb() -> None:
    assert [name for name in _known() if not _NAME.fullmatch(name)] == []
