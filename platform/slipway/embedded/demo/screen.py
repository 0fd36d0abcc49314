"""What the demo shows: a live table in a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

_MARKS = {
    "pending": ("◷", "yellow"),
    "waiting": ("◷", "yellow"),
    "progressing": ("◐", "blue"),
    "paused": ("‖", "yellow"),
    "verifying": ("◐", "blue"),
    "succeeded": ("●", "green"),
    "failed": ("✕", "red"),
    "errored": ("!", "red"),
    "aborted": ("■", "white"),
    "superseded": ("⤼", "white"),
}
_PLAIN_SECONDS = 2.0  # at most one line in this time about counts that change


class Screen:
    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True)
        self._rows: dict[tuple[str, str], tuple[str, str, float]] = {}
        self._begun: dict[tuple[str, str], float] = {}
        self._said: tuple[tuple[str, str], str, str] | None = None
        self._said_at = 0.0
        self._live: Live | None = None

    def say(self, text: str) -> None:
        self.console.print(text)

    def lines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.say(line)

    def rollout(self, application: str, version: str, environment: str, rollout: dict[str, Any]) -> None:
        key = (f"{application} {version}", environment)
        phase, sentence = rollout["phase"], rollout["sentence"]
        seconds = time.monotonic() - self._begun.setdefault(key, time.monotonic())
        self._rows[key] = (phase, sentence, seconds)
        if self.console.is_terminal:
            self._draw()
        else:
            self._plainly(key, phase, sentence)

    def rest(self) -> None:
        """The table stays as it is; what follows is printed below."""
        if self._live is not None:
            self._live.stop()
            self._live = None
        self._rows.clear()
        self._begun.clear()

    def _draw(self) -> None:
        if self._live is None:
            self._live = Live(console=self.console, refresh_per_second=8, redirect_stdout=False)
            self._live.start()
        table = Table.grid(padding=(0, 2))
        for (what, environment), (phase, sentence, seconds) in self._rows.items():
            mark, colour = _MARKS.get(phase, ("·", "white"))
            table.add_row(
                f"[{colour}]{mark}[/]", what, f"[bold]{environment}[/]", phase, sentence, f"{seconds:.0f} s"
            )
        self._live.update(table)

    def _plainly(self, key: tuple[str, str], phase: str, sentence: str) -> None:
        now = (key, phase, sentence)
        if now == self._said:
            return
        known = self._said is not None and self._said[:2] == now[:2]
        if known and time.monotonic() - self._said_at < _PLAIN_SECONDS:
            return
        self._said, self._said_at = now, time.monotonic()
        self.say(f"  {_MARKS.get(phase, ('·', ''))[0]} {key[0]} → {key[1]}: {phase}. {sentence}")
