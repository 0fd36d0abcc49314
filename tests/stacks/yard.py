"""Small things that runs on a whole stack share."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from tests.stacks.stack import RunningStack


def ok(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code < 300, f"{answer.request.method} {answer.request.url}: {answer.text}"
    found: dict[str, Any] = answer.json()
    return found


def add_cluster(stack: RunningStack, slug: str) -> None:
    with stack.client() as api:
        ok(api.post("clusters/", json={"slug": slug, "kubeconfig": stack.kubeconfig.read_text()}))


def kubectl_path() -> str:
    """The one of the locked wheel: another may stand on PATH, or none."""
    beside = Path(sys.executable).parent / "kubectl"
    return str(beside) if beside.exists() else "kubectl"


def kubectl(stack: RunningStack, *arguments: str) -> str:
    done = subprocess.run(
        [kubectl_path(), *arguments],
        env={**os.environ, "KUBECONFIG": str(stack.kubeconfig)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
    return done.stdout
