"""Which words of a line differ from its other half."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

# Letters and digits hold together, and so do the parts of a version: v0.10.5 is one word.
_WORDS = re.compile(r"[A-Za-z0-9_]+(?:[.+~][A-Za-z0-9_]+)*|\s+|.", re.DOTALL)
_MOST_WORDS = 300  # beyond that the comparison costs more than it tells
_LEAST_ALIKE = 0.35  # of two lines with less in common every word differs


@dataclass(frozen=True, slots=True)
class Part:
    text: str
    changed: bool = False


Parts = tuple[Part, ...]


def compare_words(before: str, after: str) -> tuple[Parts, Parts]:
    """Both lines in parts. Nothing is marked where next to everything differs: that would only be louder."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    plain = ((Part(before),), (Part(after),))
    if not old or not new or len(old) + len(new) > _MOST_WORDS:
        return plain
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < _LEAST_ALIKE:
        return plain
    left: list[Part] = []
    right: list[Part] = []
    for kind, start, end, other_start, other_end in matcher.get_opcodes():
        _add(left, old[start:end], kind != "equal")
        _add(right, new[other_start:other_end], kind != "equal")
    return tuple(left), tuple(right)


def _add(parts: list[Part], words: Sequence[str], changed: bool) -> None:
    text = "".join(words)
    if not text:
        return
    if parts and parts[-1].changed == changed:
        parts[-1] = Part(parts[-1].text + text, changed)
    else:
        parts.append(Part(text, changed))
