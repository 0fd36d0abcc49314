"""What somebody typed into the search, and how near a name is to it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

LONGEST = 200
MOST_WORDS = 6
_BETWEEN = re.compile(r"[\s→,]+")
_NUMBER = re.compile(r"#?(\d{1,9})")


class Nearness(IntEnum):
    """In the order in which hits are shown."""

    EXACT = 0
    PREFIX = 1
    WORD = 2
    INSIDE = 3
    COMBINED = 4  # by words of several things: "boutique v0.10.6 → production"
    ALIKE = 5


@dataclass(frozen=True, slots=True)
class Sought:
    text: str  # lower case, one blank between words
    words: tuple[str, ...]

    @property
    def number(self) -> int | None:
        """ "12" and "#12" name a rollout."""
        said = _NUMBER.fullmatch(self.text)
        return int(said[1]) if said else None

    def left_over(self, matched: int) -> tuple[str, ...]:
        """The words whose bit is not set."""
        return tuple(word for place, word in enumerate(self.words) if not matched >> place & 1)

    def bits_in(self, text: str) -> int:
        """A bit for each word that the text holds."""
        lower = text.lower()
        return sum(1 << place for place, word in enumerate(self.words) if word in lower)


def parse(text: str) -> Sought:
    """Whatever is typed is something: what is too long or too much is left out."""
    plain = text.replace("\0", "")[:LONGEST].lower()
    words = tuple(dict.fromkeys(word for word in _BETWEEN.split(plain) if word))[:MOST_WORDS]
    return Sought(" ".join(words), words)


def nearness(text: str, sought: Sought) -> Nearness | None:
    """None unless the text holds every word."""
    lower = text.lower()
    if not sought.words or any(word not in lower for word in sought.words):
        return None
    if lower == sought.text:
        return Nearness.EXACT
    if lower.startswith(sought.text):
        return Nearness.PREFIX
    begins = all(re.search(rf"(?<![^\W_]){re.escape(word)}", lower) for word in sought.words)
    return Nearness.WORD if begins else Nearness.INSIDE


def nearest(texts: tuple[str, ...], sought: Sought) -> Nearness | None:
    """Of several names of one thing; together they may hold the words that none holds alone."""
    found = [near for text in texts if (near := nearness(text, sought)) is not None]
    if found:
        return min(found)
    return Nearness.INSIDE if nearness(" ".join(texts), sought) is not None else None
