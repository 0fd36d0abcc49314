"""What an environment asks of approvals, as the part of its form. A field's name is where its mistake is reported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from apps.dashboard.forms.fields import Field, whole_number
from apps.environments.models import Environment
from apps.environments.rules import rules_of, rules_to_json

_PREFIX = "approval_rules."
_NAMES = (
    "separation",
    "commits_must_be_known",
    "teams",
    "teams_in_order",
    "comment_required",
    "expires_hours",
    "days",
    "opens",
    "closes",
    "zone",
    "emergency_approvals",
    "review_hours",
)
RULES = tuple(_PREFIX + name for name in _NAMES)


def words(text: str) -> list[str]:
    """By commas, spaces or lines."""
    return text.replace(",", " ").split()


def number_if_any(text: str) -> int | None:
    return whole_number(text) if text else None


PARSERS: dict[str, Callable[[str], Any]] = {
    f"{_PREFIX}teams": words,
    f"{_PREFIX}days": words,
    **{_PREFIX + name: number_if_any for name in ("expires_hours", "emergency_approvals", "review_hours")},
}


def rule_fields(environment: Environment) -> tuple[Field, ...]:
    """A new one's separation is left to what it is: production or not."""
    now = rules_to_json(rules_of(environment.approval_rules))
    is_new = environment._state.adding
    by_itself = (("", "Who asked for it; in production who wrote it as well"),) if is_new else ()
    return (
        Field(
            f"{_PREFIX}separation",
            "Who may not approve",
            "select",
            value="" if is_new else now["separation"],
            choices=(
                *by_itself,
                ("requester", "Who asked for it"),
                ("authors", "Who asked for it, and authors and committers of what comes with it"),
            ),
            hint="Admins and owners are not exempt.",
        ),
        _check(now, "commits_must_be_known", "Refuse approval where a release in between names no commits"),
        _text(now, "teams", "Teams of which one each must approve", hint="By short name, with commas."),
        _check(now, "teams_in_order", "In this order"),
        _check(now, "comment_required", "Each decision needs a comment"),
        _number(now, "expires_hours", "An approval holds for", "hours", 8760, "0: as long as its plan."),
        _text(
            now,
            "days",
            "Days on which rollouts begin",
            hint="As mon, tue, wed; none: always. What takes a rollout back does not wait.",
        ),
        _text(now, "opens", "From", most=5),
        _text(now, "closes", "To", most=5),
        _text(now, "zone", "Time zone", hint="As Europe/Berlin.", most=60),
        _number(
            now,
            "emergency_approvals",
            "Approvals in the emergency lane",
            "",
            20,
            "For security fixes: fewer approvals, at any hour, and an after-review. 0: there is no such lane.",
        ),
        _number(now, "review_hours", "An after-review is due within", "hours", 8760, ""),
    )


def gathered(values: Mapping[str, Any]) -> dict[str, Any]:
    """The rules in one, as the service takes them; what was left empty stays as it is."""
    rules = {
        name.removeprefix(_PREFIX): value
        for name, value in values.items()
        if name.startswith(_PREFIX) and value not in ("", None)
    }
    others = {name: value for name, value in values.items() if not name.startswith(_PREFIX)}
    return {**others, "approval_rules": rules}


def _check(now: Mapping[str, Any], name: str, label: str) -> Field:
    return Field(_PREFIX + name, label, "check", value="on" if now[name] else "")


def _number(now: Mapping[str, Any], name: str, label: str, unit: str, most: int, hint: str) -> Field:
    return Field(_PREFIX + name, label, "number", value=str(now[name]), unit=unit, most=most, hint=hint)


def _text(now: Mapping[str, Any], name: str, label: str, *, hint: str = "", most: int = 300) -> Field:
    value = now[name]
    text = ", ".join(value) if isinstance(value, list) else str(value)
    return Field(_PREFIX + name, label, value=text, hint=hint, most=most, mono=True)
