"""What the processes print: to a file each, and with their name in front to the terminal."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO, TextIO

_COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)
_ROTATE_BYTES = 8 * 1024 * 1024


class Output:
    def __init__(self, folder: Path, *, quiet: bool = False, terminal: TextIO = sys.stdout) -> None:
        """`quiet`: the terminal shows what the supervisor itself says, and nothing of its processes."""
        self._folder = folder
        self._quiet = quiet
        self._terminal: TextIO | None = terminal
        self._coloured = terminal.isatty() and not os.environ.get("NO_COLOR")
        self._files: dict[str, IO[str]] = {}
        self._colours: dict[str, int] = {}
        self._width = 9

    def say(self, text: str) -> None:
        """The supervisor's own word."""
        self._write("slipway", text, shown=True)

    def line(self, name: str, text: str) -> None:
        self._write(name, text, shown=not self._quiet)

    def close(self) -> None:
        for file in self._files.values():
            file.close()
        self._files.clear()

    def _write(self, name: str, text: str, *, shown: bool) -> None:
        file = self._file(name)
        file.write(f"{text}\n")
        file.flush()
        if not shown or self._terminal is None:
            return
        self._width = max(self._width, len(name))
        prefix = f"{name:<{self._width}} │ "
        if self._coloured:
            prefix = f"\033[{self._colour(name)}m{prefix}\033[0m"
        try:
            self._terminal.write(f"{prefix}{text}\n")
            self._terminal.flush()
        except (BrokenPipeError, ValueError):
            self._terminal = None  # whoever read it has gone; the files go on

    def _colour(self, name: str) -> int:
        if name == "slipway":
            return 1
        return self._colours.setdefault(name, _COLOURS[len(self._colours) % len(_COLOURS)])

    def _file(self, name: str) -> IO[str]:
        path = self._folder / f"{name}.log"
        file = self._files.get(name)
        if file is not None and file.tell() > _ROTATE_BYTES:
            file.close()
            path.replace(path.with_suffix(".log.1"))
            file = None
        if file is None:
            file = self._files[name] = path.open("a", encoding="utf-8", errors="replace")
        return file
