"""The file behind the store: one JSON line per change, appended with one write.

A line that the kernel has taken survives kill -9 of this process, so nothing that was answered is lost.
It is not synced to the disk: a power cut may cost the last moments, which a simulation can bear.
"""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any


class AlreadyOpen(Exception):
    """Another sandbox process serves the same folder."""


class Journal:
    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise AlreadyOpen(f"{path} is in use by another sandbox") from error
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self.lines = 0

    def read(self) -> Iterator[dict[str, Any]]:
        """Every whole line; a torn last one (killed in the middle of a write) was never answered: cut off."""
        whole = 0
        with self.path.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                whole += len(line)
                self.lines += 1
                yield json.loads(line)
        os.ftruncate(self._file, whole)

    def append(self, line: str) -> None:
        data = line.encode() + b"\n"
        while data:
            data = data[os.write(self._file, data) :]
        self.lines += 1

    def replace(self, lines: Iterable[str]) -> None:
        """The same content in fewer lines, put in place at once: a kill leaves the old file or the new one."""
        fresh = self.path.with_suffix(".new")
        count = 0
        with fresh.open("w") as file:
            for line in lines:
                file.write(line + "\n")
                count += 1
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)
        os.close(self._file)
        self._file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
        self.lines = count

    def close(self) -> None:
        os.close(self._file)
        os.close(self._lock)
