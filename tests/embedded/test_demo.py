"""The demo as a newcomer runs it, once."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from slipway.embedded import loopback
from tests.stacks.stack import CHECKOUT, _clean

_SUMMARY = re.compile(
    r"^(dev|staging|production) +(boutique v0\.10\.0|harbour v1\.1\.0)  (\d+\.\d) s  (\w+)$", re.M
)


def demo(folder: Path, port: int, *more: str) -> subprocess.CompletedProcess[str]:
    samples = {"SLIPWAY_SAMPLES": os.environ.get("SLIPWAY_SAMPLES", "")}
    return subprocess.run(
        [
            *(sys.executable, "-m", "slipway.embedded", "demo", "--exit", "--speed", "20"),
            *("--data", str(folder), "--port", str(port), *more),
        ],
        cwd=CHECKOUT,
        env={**_clean(os.environ), **samples},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.xdist_group("stack")
def test_a_release_goes_to_production_and_a_second_start_finds_it_there(tmp_path: Path) -> None:
    port = loopback.free_port()
    first = demo(tmp_path, port)
    assert first.returncode == 0, first.stdout + first.stderr
    summary = _SUMMARY.findall(first.stdout)
    assert [(environment, verdict) for environment, _, _, verdict in summary] == [
        ("dev", "healthy"),
        ("staging", "healthy"),
        ("production", "healthy"),
    ]
    assert first.stdout.count("Rita Releaser approves it for production") == 2
    assert f"http://localhost:{port}/" in first.stdout
    assert len(re.findall(r"@demo\.example +password \S{16}$", first.stdout, re.M)) == 4
    assert not (tmp_path / "run.json").exists()

    second = demo(tmp_path, port)
    assert second.returncode == 0, second.stdout + second.stderr
    assert _SUMMARY.findall(second.stdout) == summary  # the same rollouts: nothing was done again
    assert "approves" not in second.stdout


def test_a_port_that_is_taken_ends_it_with_the_reason(tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind((loopback.ADDRESS, 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = demo(tmp_path, port)
    assert ended.returncode == 1
    assert ended.stderr == f"slipway: Port {port} is taken by another program. Choose another with --port.\n"
