from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sso.provider import Provider

_PROCESS = Path(__file__).parent / "provider_process.py"


@pytest.fixture(autouse=True)
def unhurried(settings: Any) -> None:
    settings.API_STRANGERS_PER_MINUTE = 100_000


@pytest.fixture(scope="session")
def start_provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Provider]]:
    folder = tmp_path_factory.mktemp("providers")
    running: list[subprocess.Popen[str]] = []

    def start(name: str) -> Provider:
        process = subprocess.Popen(
            [sys.executable, str(_PROCESS), str(folder), name], stdout=subprocess.PIPE, text=True
        )
        running.append(process)
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        process.stdout.close()
        assert address, "the provider did not start"
        return Provider(address, process)

    yield start
    for process in running:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def acme_provider(start_provider: Callable[[str], Provider]) -> Provider:
    return start_provider("acme")


@pytest.fixture(scope="session")
def globex_provider(start_provider: Callable[[str], Provider]) -> Provider:
    return start_provider("globex")
