"""Ends of a whole supervisor: asked, asked twice, and killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from slipway.embedded import left_over
from slipway.embedded.processes import ProcessIdentity, identify, is_alive
from tests.embedded import small_stack

Start = Callable[[str], subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Returns once the small stack of this kind is up; what is left of it at the end is killed."""
    begun: list[subprocess.Popen[str]] = []

    def run(kind: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, small_stack.__file__, str(tmp_path), kind],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        begun.append(process)
        assert process.stdout is not None
        for line in process.stdout:
            if "│ up" in line:
                return process
        pytest.fail("it did not come up")

    yield run
    for process in begun:
        if process.poll() is None:
            process.kill()
        process.communicate()


def noted(folder: Path) -> list[ProcessIdentity]:
    state = json.loads((folder / "run.json").read_text())
    entries = [*state["processes"].values(), state["supervisor"]]
    return [ProcessIdentity(entry["pid"], entry["started"]) for entry in entries]


def wait_until_gone(processes: list[ProcessIdentity], within: float) -> None:
    deadline = time.monotonic() + within
    while left := [process for process in processes if is_alive(process)]:
        assert time.monotonic() < deadline, f"still there: {left}"
        time.sleep(0.05)


def guard_of(supervisor: subprocess.Popen[str]) -> ProcessIdentity:
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                command = (entry / "cmdline").read_bytes()
                parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
            except OSError:
                continue
            if b"guard.py" in command and parent == str(supervisor.pid):
                found = identify(int(entry.name))
                assert found is not None
                return found
    pytest.fail("there is no guard")


def test_ctrl_c_stops_everything_and_ends_with_0(start: Start, tmp_path: Path) -> None:
    supervisor = start("polite")
    processes = [*noted(tmp_path), guard_of(supervisor)]
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(30) == 0
    wait_until_gone(processes, 10)
    assert not (tmp_path / "run.json").exists()


def test_a_wish_that_arrives_twice_at_once_is_one_wish(start: Start, tmp_path: Path) -> None:
    supervisor = start("polite")
    supervisor.send_signal(signal.SIGINT)
    supervisor.send_signal(signal.SIGTERM)
    rest, _ = supervisor.communicate(timeout=30)
    assert "in a hurry" not in rest
    assert supervisor.returncode == 0


def test_the_second_ctrl_c_hurries(start: Start, tmp_path: Path) -> None:
    supervisor = start("deaf")  # its grace is 30 s
    processes = noted(tmp_path)
    supervisor.send_signal(signal.SIGINT)
    time.sleep(0.6)
    assert supervisor.poll() is None
    supervisor.send_signal(signal.SIGINT)
    rest, _ = supervisor.communicate(timeout=25)
    assert "in a hurry: everything is ended now" in rest
    wait_until_gone(processes, 10)


@pytest.mark.skipif(sys.platform != "linux", reason="the guard is looked for in /proc")
@pytest.mark.parametrize("kind", ["polite", "deaf", "family"])
def test_a_killed_supervisor_leaves_no_process_behind(start: Start, tmp_path: Path, kind: str) -> None:
    supervisor = start(kind)
    processes = [*noted(tmp_path), guard_of(supervisor)]
    if kind == "family":
        grandchild = identify(int((tmp_path / "grandchild").read_text()))
        assert grandchild is not None
        processes.append(grandchild)
    os.kill(supervisor.pid, signal.SIGKILL)
    supervisor.wait()
    wait_until_gone(processes, 40)


def test_the_next_start_ends_what_a_killed_supervisor_and_a_killed_guard_left(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(left_over, "_GUARD_SECONDS", 0.3)
    supervisor = start("deaf")
    guard = guard_of(supervisor)
    processes = noted(tmp_path)
    # Stopped first: alive, it would start another guard.
    os.kill(supervisor.pid, signal.SIGSTOP)
    os.kill(guard.pid, signal.SIGKILL)
    os.kill(supervisor.pid, signal.SIGKILL)
    supervisor.wait()
    assert any(is_alive(process) for process in processes)  # the one that ignores being asked
    left_over.end(tmp_path / "run.json")
    wait_until_gone(processes, 1)
    assert not (tmp_path / "run.json").exists()


def test_a_process_that_only_has_the_number_of_an_old_one_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "30"]) as stranger:
        entry = {"pid": stranger.pid, "started": "1"}
        (tmp_path / "run.json").write_text(json.dumps({"processes": {"web": entry}}))
        left_over.end(tmp_path / "run.json")
        assert stranger.poll() is None
        stranger.kill()
