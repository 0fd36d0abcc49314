"""What a person sees while a rollout runs: in a terminal bars that move, else a line per event."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

import typer

from slipway.cli.client import Json
from slipway.cli.watching.source import Told
from slipway.cli.watching.words import event_line

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Screen(Protocol):
    def event(self, told: Told) -> None: ...

    def picture(self, rollout: Json) -> None:
        """The rollout as it stands now."""

    def close(self) -> None: ...


class Lines:
    def event(self, told: Told) -> None:
        if line := event_line(told.kind, told.body):
            at = datetime.fromisoformat(told.at).astimezone()
            typer.echo(f"{at:%H:%M:%S}  {line}")

    def picture(self, rollout: Json) -> None:
        """The events say it all."""

    def close(self) -> None: ...


class JsonLines:
    def event(self, told: Told) -> None:
        event = {"number": told.number, "at": told.at, "kind": told.kind, "body": told.body}
        typer.echo(json.dumps(event, ensure_ascii=False))

    def picture(self, rollout: Json) -> None:
        """A program asks for it with `show`."""

    def close(self) -> None: ...


class Bars:
    """A bar for the steps, one for each workload that counts; the story scrolls above them."""

    _MOST = 12  # bars; a terminal has so many lines

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
        from rich.table import Column

        fixed = Column(no_wrap=True, min_width=18)
        rest = Column(
            no_wrap=True, overflow="ellipsis", ratio=1
        )  # what is left of the line, never a second one
        self._progress: Progress = Progress(
            TextColumn("{task.description}", markup=False, table_column=fixed),
            BarColumn(bar_width=16),
            MofNCompleteColumn(),
            TextColumn("{task.fields[sentence]}", markup=False, table_column=rest),
            console=Console(),
            refresh_per_second=8,
            expand=True,
        )
        self._tasks: dict[str, TaskID] = {}
        self._progress.start()

    def event(self, told: Told) -> None:
        if told.kind != "observed" and (line := event_line(told.kind, told.body)):
            self._progress.console.print(line, markup=False, highlight=False)

    def picture(self, rollout: Json) -> None:
        steps = rollout["steps"]
        done = sum(step["state"] == "done" for step in steps)
        now = next((step["title"] for step in steps if step["state"] == "now"), rollout["sentence"])
        self._bar("", f"#{rollout['number']} {rollout['phase']}", done, len(steps), now)
        counted = {
            key: seen
            for key, seen in (rollout["progress"] or {}).get("objects", {}).items()
            if seen.get("wanted")
        }
        for key, seen in sorted(counted.items(), key=lambda entry: _urgency(entry[1]))[: self._MOST]:
            self._bar(key, key.rpartition("/")[2], seen["ready"] or 0, seen["wanted"], seen["sentence"])

    def close(self) -> None:
        self._progress.stop()

    def _bar(self, key: str, title: str, done: int, of: int, sentence: str) -> None:
        if key not in self._tasks:
            if len(self._tasks) > self._MOST:
                return
            self._tasks[key] = self._progress.add_task(title, total=of, sentence="")
        self._progress.update(
            self._tasks[key], description=title, completed=done, total=of, sentence=sentence
        )


def _urgency(seen: dict[str, Any]) -> int:
    return {"degraded": 0, "progressing": 1}.get(seen["health"], 2)
