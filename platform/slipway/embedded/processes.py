"""Which process is meant: a number is used again by the system, number and start time together are not."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    pid: int
    started: str  # opaque; equal for the same process, whoever asks


def identify(pid: int) -> ProcessIdentity | None:
    """None where no such process lives (a zombie does not live)."""
    if sys.platform == "linux":
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in "ZX" else ProcessIdentity(pid, fields[19])
    answer = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return ProcessIdentity(pid, answer) if answer else None


def is_alive(identity: ProcessIdentity) -> bool:
    return identify(identity.pid) == identity
