"""Python in a process of its own: what a fresh import loads and what a start refuses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def python(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """With the source roots on the path and no other SLIPWAY_ setting than the given ones."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SLIPWAY_", "DATABASE_", "DJANGO_"))
    }
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=inherited | {"PYTHONPATH": f"{ROOT / 'platform'}:{ROOT}"} | environment,
    )


def tracked() -> list[Path]:
    """The project's own files, as git knows them."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]
