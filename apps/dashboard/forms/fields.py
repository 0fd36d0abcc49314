"""A form's fields as a page shows them: what was typed is kept, and what is wrong with it stands beside it.

The rules are the services'; here text becomes values and a service's refusal finds its field again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from apps.core.problems import Invalid, Outdated, Problem
from apps.dashboard.words import number_in

Parse = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    label: str
    kind: str = "text"  # text, number, select, check, lines, password
    value: str = ""  # "on" or "" for a check
    hint: str = ""
    error: str = ""
    now: str = ""  # what stands there, where somebody else changed it meanwhile
    unit: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    required: bool = False
    autocomplete: str = "off"
    rows: int = 3
    most: int | None = None
    mono: bool = False

    @property
    def id(self) -> str:
        return f"field-{self.name}"

    @property
    def described_by(self) -> str:
        parts = (("hint", self.hint), ("now", self.now), ("error", self.error))
        return " ".join(f"{self.id}-{part}" for part, words in parts if words)


@dataclass(frozen=True, slots=True)
class Form:
    """`mistake` is what concerns the whole; a field's own stands beside the field."""

    fields: tuple[Field, ...]
    mistake: str = ""
    revision: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Field:
        """Raises KeyError; a template then looks for an attribute of that name."""
        return {one.name: one for one in self.fields}[name]

    @property
    def wrong(self) -> bool:
        return bool(self.mistake) or any(one.error for one in self.fields)


def filled(fields: Iterable[Field], said: Mapping[str, Any]) -> tuple[Field, ...]:
    """With what was typed in."""
    return tuple(replace(one, value=str(said.get(one.name, "")).strip()[:300_000]) for one in fields)


def refused(form: Form, problem: Problem) -> Form:
    """Each sentence beside its field; what belongs to none, above."""
    names = {one.name for one in form.fields}
    beside = {name: words for name, words in problem.fields.items() if name in names}
    fields = tuple(replace(one, error=beside.get(one.name, one.error)) for one in form.fields)
    mistake = "" if beside and len(beside) == len(problem.fields) else problem.sentence
    return replace(form, fields=fields, mistake=mistake)


def overtaken(form: Form, problem: Outdated, current: Sequence[Field], revision: int) -> Form:
    """Somebody else was quicker: what was typed is kept, what stands there now is shown beside it."""
    stands = {one.name: one for one in current}
    fields = tuple(
        replace(one, now=shown(stands[one.name]))
        if one.name in stands and stands[one.name].value != one.value
        else one
        for one in form.fields
    )
    mistake = (
        f"{problem.sentence} What you typed is kept below, beside what stands there now. "
        "Save again to put yours in its place."
    )
    return replace(form, fields=fields, mistake=mistake, revision=revision)


def shown(one: Field) -> str:
    """A field's value in words."""
    if one.kind == "check":
        return "yes" if one.value else "no"
    if one.kind == "select":
        return dict(one.choices).get(one.value, one.value)
    return one.value.replace("\n", ", ") or "nothing"


def whole_number(text: str) -> int:
    number = number_in(text)
    if number is None:
        raise ValueError("A whole number, please.")
    return number


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.replace(",", "\n").splitlines() if line.strip()]


def values_of(fields: Iterable[Field], parsers: Mapping[str, Parse]) -> dict[str, Any]:
    """Raises Invalid with a sentence for each field that cannot be read."""
    values, wrong = {}, {}
    for one in fields:
        if one.kind == "check":
            values[one.name] = bool(one.value)
            continue
        try:
            values[one.name] = parsers.get(one.name, str)(one.value)
        except ValueError as error:
            wrong[one.name] = str(error)
    if wrong:
        raise Invalid("Something in the form cannot be read.", fields=wrong)
    return values


def seen_revision(said: Mapping[str, Any]) -> int | None:
    return number_in(str(said.get("revision", "")))
