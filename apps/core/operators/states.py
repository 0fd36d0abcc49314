"""What an operator wants to know first. Each page says by itself what of its rows is stuck; core knows none of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import reverse


@dataclass(frozen=True, slots=True)
class State:
    number: int
    words: str
    href: str
    permission: str


def states(site: Any) -> Iterator[State]:
    """Inside the system's scope. A page that has `stuck()` answers words, rows, and the query of its list."""
    for model, page in site._registry.items():
        if not hasattr(page, "stuck"):
            continue
        options = model._meta
        for words, rows, query in page.stuck():
            href = reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
            yield State(
                rows.count(),
                words,
                f"{href}?{query}" if query else href,
                f"{options.app_label}.view_{options.model_name}",
            )
