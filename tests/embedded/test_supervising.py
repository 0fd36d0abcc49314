from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from slipway.embedded.errors import CannotStart
from slipway.embedded.processes import ProcessIdentity, identify, is_alive
from slipway.embedded.supervision.output import Output
from slipway.embedded.supervision.specs import Backoff, Job, Outcome, Service, Unit
from slipway.embedded.supervision.supervisor import Supervisor

_LOOP = "while :; do sleep 0.02; done"


def shell(
    name: str,
    script: str,
    *depends_on: str,
    grace: float = 5,
    ready: str | None = None,
    within: float = 30,
    is_ready: Callable[[], Awaitable[bool]] | None = None,
) -> Service:
    return Service(
        name,
        ["sh", "-c", script],
        {"PATH": os.environ["PATH"]},
        depends_on=depends_on,
        says_when_ready=ready,
        is_ready=is_ready,
        ready_within_seconds=within,
        grace_seconds=grace,
    )


def noting(name: str, *depends_on: str) -> Service:
    """Writes its start and its end into `notes`."""
    script = (
        f"trap 'echo {name} stops >> notes; exit 0' TERM; echo {name} starts >> notes; echo here; {_LOOP}"
    )
    return shell(name, script, *depends_on, ready="here")


@asynccontextmanager
async def supervised(folder: Path, *units: Unit, backoff: Backoff | None = None) -> AsyncIterator[Supervisor]:
    output = Output(folder, terminal=io.StringIO())
    supervisor = Supervisor(
        units,
        output=output,
        folder=folder,
        run_file=folder / "run.json",
        backoff=backoff or Backoff(first_seconds=0.02, factor=1),
    )
    try:
        yield supervisor
    finally:
        await supervisor.stop()
        output.close()


async def eventually(condition: Callable[[], bool], within: float = 20) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        await asyncio.sleep(0.02)


def said(folder: Path) -> list[str]:
    return (folder / "slipway.log").read_text().splitlines()


async def test_units_start_after_what_they_depend_on_and_stop_before_it(tmp_path: Path) -> None:
    units = [noting("web", "database"), noting("database"), noting("worker", "web")]
    async with supervised(tmp_path, *units) as supervisor:
        await supervisor.start()
    assert (tmp_path / "notes").read_text().splitlines() == [
        "database starts",
        "web starts",
        "worker starts",
        "worker stops",
        "web stops",
        "database stops",
    ]


async def test_what_depends_on_a_service_waits_until_that_is_ready_and_not_just_started(
    tmp_path: Path,
) -> None:
    asked = 0

    async def third_time() -> bool:
        nonlocal asked
        asked += 1
        return asked >= 3

    seen: list[int] = []

    async def look() -> None:
        seen.append(asked)

    units: list[Unit] = [shell("slow", _LOOP, is_ready=third_time), Job("look", look, ("slow",))]
    async with supervised(tmp_path, *units) as supervisor:
        await supervisor.start()
    assert seen[0] >= 3


async def test_a_crashed_service_is_started_again_and_its_end_is_said(tmp_path: Path) -> None:
    async with supervised(tmp_path, shell("frail", f"echo here; {_LOOP}", ready="here")) as supervisor:
        await supervisor.start()
        first = supervisor.standing("frail").pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await eventually(lambda: supervisor.standing("frail").starts == 2)
        await eventually(lambda: supervisor.standing("frail").is_ready)
        assert supervisor.standing("frail").pid != first
        assert supervisor.standing("frail").last_outcome == "was ended by SIGKILL"
    assert said(tmp_path) == ["frail was ended by SIGKILL; started again in 0.0 s"]


async def test_each_crash_in_a_row_waits_longer(tmp_path: Path) -> None:
    script = "echo here; sleep 0.05; exit 3"
    backoff = Backoff(first_seconds=0.1, factor=2, most_seconds=0.3)
    async with supervised(tmp_path, shell("frail", script, ready="here"), backoff=backoff) as supervisor:
        await supervisor.start()
        await eventually(lambda: supervisor.standing("frail").starts >= 5)
    ends = [line for line in said(tmp_path) if "started again" in line]
    assert ends[:4] == [
        f"frail ended with code 3; started again in {delay} s" for delay in (0.1, 0.2, 0.3, 0.3)
    ]


def test_the_delay_doubles_up_to_fifteen_seconds() -> None:
    backoff = Backoff()
    assert [round(backoff.delay_seconds(n), 1) for n in (1, 2, 3, 7, 8, 500)] == [0.2, 0.4, 0.8, 12.8, 15, 15]


def test_only_ends_that_were_asked_for_count_as_clean() -> None:
    clean = [0, -signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP, 143, 130]
    assert [Outcome(code).is_clean for code in clean] == [True] * 6
    assert [Outcome(code).is_clean for code in (1, -signal.SIGKILL, -signal.SIGSEGV)] == [False] * 3


async def test_a_service_that_only_crashes_on_the_way_up_ends_the_start_with_its_last_lines(
    tmp_path: Path,
) -> None:
    async with supervised(
        tmp_path, shell("broken", "echo no such module; exit 1", ready="here")
    ) as supervisor:
        with pytest.raises(CannotStart, match=r"broken ended with code 1, 4 times(.|\n)*no such module"):
            await supervisor.start()


async def test_a_service_that_is_not_ready_in_time_ends_the_start(tmp_path: Path) -> None:
    mute = shell("mute", f"echo still loading; {_LOOP}", ready="here", within=2)
    async with supervised(tmp_path, mute) as supervisor:
        with pytest.raises(CannotStart, match=r"mute was not ready within 2 s(.|\n)*still loading"):
            await supervisor.start()


async def test_one_that_does_not_stop_is_ended_after_its_grace_and_no_sooner(tmp_path: Path) -> None:
    deaf = shell("deaf", f"trap '' TERM; echo here; {_LOOP}", ready="here", grace=0.4)
    async with supervised(tmp_path, deaf) as supervisor:
        await supervisor.start()
        begun = time.monotonic()
    assert 0.4 <= time.monotonic() - begun < 5
    assert said(tmp_path) == ["deaf does not stop: SIGKILL to all of it", "deaf was ended by SIGKILL"]


async def test_in_a_hurry_nothing_gets_its_grace(tmp_path: Path) -> None:
    deaf = shell("deaf", f"trap '' TERM; echo here; {_LOOP}", ready="here", grace=60)
    async with supervised(tmp_path, deaf) as supervisor:
        await supervisor.start()
        begun = time.monotonic()
        asyncio.get_running_loop().call_later(0.2, supervisor.hurry)
    assert time.monotonic() - begun < 30


async def test_what_a_crashed_process_had_started_goes_with_it(tmp_path: Path) -> None:
    script = f"({_LOOP}) & echo $! > grandchild; echo here; {_LOOP}"
    async with supervised(tmp_path, shell("parent", script, ready="here")) as supervisor:
        await supervisor.start()
        grandchild = identify(int((tmp_path / "grandchild").read_text()))
        assert grandchild is not None
        os.kill(supervisor.standing("parent").pid or 0, signal.SIGKILL)
        await eventually(lambda: not is_alive(grandchild))


async def test_a_job_that_fails_ends_the_start_in_its_own_words(tmp_path: Path) -> None:
    def units(supervisor: Supervisor) -> list[Unit]:
        command = ["sh", "-c", "echo the table is locked; exit 2"]
        return [Job("migrate", lambda: supervisor.run_to_end("migrate", command, dict(os.environ)))]

    output = Output(tmp_path, terminal=io.StringIO())
    supervisor = Supervisor(units, output=output, folder=tmp_path, run_file=tmp_path / "run.json")
    with pytest.raises(CannotStart, match=r"migrate ended with code 2:\n  the table is locked"):
        await supervisor.start()
    await supervisor.stop()
    output.close()


async def test_the_run_file_names_every_process_while_it_runs_and_is_gone_afterwards(tmp_path: Path) -> None:
    run_file = tmp_path / "run.json"
    async with supervised(tmp_path, noting("one")) as supervisor:
        await supervisor.start()
        state = json.loads(run_file.read_text())
        entry = state["processes"]["one"]
        assert state["is_up"] is True
        assert state["supervisor"]["pid"] == os.getpid()
        assert entry["is_ready"] is True
        assert is_alive(ProcessIdentity(entry["pid"], entry["started"]))
        assert run_file.stat().st_mode & 0o777 == 0o600
    assert not run_file.exists()
