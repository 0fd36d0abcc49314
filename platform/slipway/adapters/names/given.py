"""TXT records that are handed in: for tests. Held to the same contract as the resolver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slipway.ports.names import NamesUnavailable


class GivenTextRecords:
    def __init__(self, records: Mapping[str, Sequence[str]], *, silent: Sequence[str] = ()) -> None:
        self._records = {name.lower().rstrip("."): tuple(texts) for name, texts in records.items()}
        self._silent = frozenset(silent)

    def texts(self, name: str) -> tuple[str, ...]:
        name = name.lower().rstrip(".")
        if name in self._silent:
            raise NamesUnavailable(f"The name system did not answer about {name}.")
        return self._records.get(name, ())
