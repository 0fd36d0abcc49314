"""How somebody looks at home: what stands behind the question mark, as a value, and back into an address."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

ONLY = ("moving", "behind", "bad")
LAYOUTS = ("matrix", "list")
_LONGEST = 400  # longer than any label; a longer address is nobody's filter


@dataclass(frozen=True, slots=True)
class Look:
    name: str = ""  # parts of an application's name
    label: str = ""  # "team=shop", or "team" whatever its value
    only: tuple[str, ...] = ()
    group: str = ""  # a label's key
    layout: str = "matrix"

    @property
    def is_narrowed(self) -> bool:
        return bool(self.name or self.label or self.only)

    def query(self, **changes: Any) -> str:
        """Always in one order, with what is usual left out: equal looks have equal addresses."""
        look = replace(self, **changes)
        pairs = [("name", look.name), ("label", look.label), *(("only", word) for word in look.only)]
        pairs += [("group", look.group), ("layout", "" if look.layout == "matrix" else look.layout)]
        return urlencode([pair for pair in pairs if pair[1]])

    def toggled(self, word: str) -> str:
        """The address of the same look with one of the `ONLY` pressed or released."""
        pressed = set(self.only) ^ {word}
        return self.query(only=tuple(each for each in ONLY if each in pressed))


def read_look(query: QueryDict) -> Look:
    """What is not understood is left out: an old link still opens the page."""
    only = query.getlist("only")
    layout = query.get("layout", "")
    return Look(
        name=_text(query, "name"),
        label=_text(query, "label"),
        only=tuple(word for word in ONLY if word in only),
        group=_text(query, "group"),
        layout=layout if layout in LAYOUTS else "matrix",
    )


def _text(query: QueryDict, name: str) -> str:
    return query.get(name, "").replace("\x00", "").strip()[:_LONGEST]
