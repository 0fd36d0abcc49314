"""What the name system says of a domain: how an organization proves that a domain is its own."""

from __future__ import annotations

from typing import Protocol


class NamesUnavailable(Exception):
    """The name system did not answer: nothing is known, which is not the same as "there is none"."""


class TextRecords(Protocol):
    def texts(self, name: str) -> tuple[str, ...]:
        """All TXT records of a name, each in one piece; none: (). Raises NamesUnavailable."""
        ...
