from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Ran

COMMANDS = {
    "": "login logout whoami apps environments releases rollouts targets clusters tokens audit up demo init migrate serve",
    "apps": "list create show",
    "environments": "list create show move add-cluster remove-cluster",
    "releases": "create list show",
    "rollouts": "list start watch show approve reject abort stop pause resume retry rollback explain diff",
    "clusters": "add list rotate check",
    "targets": "list show reapply lift-mark",
    "tokens": "list create revoke",
    "audit": "list verify",
}


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True, timeout=60
    )


def test_importing_it_loads_neither_django_nor_what_only_some_commands_need() -> None:
    heavy = "django celery apps kubernetes httpx websockets yaml rich.progress slipway.settings"
    code = f"import sys, slipway.cli.main; print([name for name in '{heavy}'.split() if name in sys.modules])"
    assert python(code).stdout.strip() == "[]"


def test_it_starts_within_three_tenths_of_a_second_of_processor_time() -> None:
    """Processor time, the least of three: on a busy machine the clock on the wall measures the others."""
    code = "import slipway.cli.main, time; print(time.process_time())"
    assert min(float(python(code).stdout) for _ in range(3)) < 0.3


@pytest.mark.parametrize("group", COMMANDS)
def test_help_names_every_command(slipway: Callable[..., Ran], group: str) -> None:
    ran = slipway(*([group] if group else []), "--help")
    assert ran.code == 0
    for command in COMMANDS[group].split():
        assert f"│ {command} " in ran.out
    assert ("Exit codes: 0 done" in ran.out) is (group in {"", "rollouts"})


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_it_prints_completion_for_shells(shell: str) -> None:
    code = "import sys; sys.argv = ['slipway', *sys.argv[1:]]; from slipway.cli.main import run; run()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--show-completion", shell],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "_SLIPWAY_COMPLETE" in done.stdout


def test_completion_offers_subcommands() -> None:
    environment = {
        "_SLIPWAY_COMPLETE": "complete_bash",
        "COMP_WORDS": "slipway rollouts ab",
        "COMP_CWORD": "2",
    }
    code = "import sys; sys.argv = ['slipway']; from slipway.cli.main import run; run()"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False, env=environment
    )
    assert done.stdout.split() == ["abort"]


def test_without_an_account_it_says_what_to_do(slipway: Callable[..., Ran]) -> None:
    started = time.monotonic()
    assert slipway("apps", "list") == Ran(
        1, "", "slipway: You are not logged in. Run `slipway login`, or set SLIPWAY_URL and SLIPWAY_TOKEN.\n"
    )
    assert time.monotonic() - started < 5


def test_wrong_usage_is_a_code_of_its_own(slipway: Callable[..., Ran]) -> None:
    assert slipway("apps", "show").code == 2
    assert slipway("no-such-thing").code == 2


def test_the_roles_are_printed_as_sql_that_names_both_log_ins(slipway: Callable[..., Ran]) -> None:
    first, second = slipway("database-roles"), slipway("database-roles")
    assert "CREATE ROLE slipway_owner LOGIN" in first.out
    assert "CREATE ROLE slipway_app LOGIN NOINHERIT" in first.out
    assert "\\connect slipway\n" in first.out
    assert first.out != second.out  # passwords of its own each time
    blank = slipway("database-roles", "--no-passwords", "--database", "deploys").out
    assert "PASSWORD '<owner>'" in blank
    assert 'CREATE DATABASE "deploys"' in blank


@pytest.mark.parametrize(
    ("arguments", "becomes"),
    [
        (["up", "--port", "8123"], ["slipway.embedded", "up", "--port", "8123"]),
        (["demo", "--exit"], ["slipway.embedded", "demo", "--exit"]),
        (
            ["serve", "web"],
            [
                *("uvicorn", "slipway.asgi:application", "--host", "0.0.0.0", "--port", "8000"),  # noqa: S104  what a container is told
                *("--ws-max-size", "65536"),
            ],
        ),
        (["serve", "web", "--port", "9"], ["uvicorn", "slipway.asgi:application", "--port", "9"]),
        (
            ["serve", "worker", "--concurrency", "4"],
            [
                "celery",
                "-A",
                "slipway",
                "worker",
                "--queues",
                "slipway",
                "--loglevel",
                "INFO",
                "--concurrency",
                "4",
            ],
        ),
        (["serve", "watcher"], ["slipway.watcher"]),
        (
            ["init", "--email", "a@b.example"],
            ["slipway.manage", "init", "--email", "a@b.example", "--organization", "main", "--name", ""],
        ),
        (
            ["init", "--email", "a@b.example", "--data", "/srv/slipway"],
            [
                *("slipway.embedded.inside", "--data", "/srv/slipway"),
                *("init", "--email", "a@b.example", "--organization", "main", "--name", ""),
            ],
        ),
    ],
)
def test_what_starts_a_server_is_another_process(
    slipway: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, arguments: list[str], becomes: list[str]
) -> None:
    became: list[Any] = []
    monkeypatch.setattr("os.execv", lambda path, argv: became.append((path, argv)))
    assert slipway(*arguments).code == 0
    assert became == [(sys.executable, [sys.executable, "-m", *becomes])]


def test_a_wrong_setting_is_one_sentence() -> None:
    command = [sys.executable, "-m", "slipway.manage", "init", "--email", "a@b.example"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env={})
    assert (done.returncode, done.stderr) == (1, "slipway: SLIPWAY_SECRET_KEY is not set.\n")


def test_init_beside_no_running_slipway_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "slipway.embedded.inside", "--data", str(tmp_path), "init"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"slipway: No Slipway runs on {tmp_path}. Start it with `slipway up`")
