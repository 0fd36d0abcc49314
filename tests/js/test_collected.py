"""The scripts as they are served: every module by the one name that its content gives it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def collected(tmp_path: Path, settings: object) -> Path:
    from django.core.management import call_command

    from slipway.settings import base

    settings.STORAGES = base.STORAGES  # type: ignore[attr-defined]  # pytest-django's wrapper
    settings.STATIC_ROOT = tmp_path  # type: ignore[attr-defined]  # same
    call_command("collectstatic", "--no-input", "--verbosity", "0")
    return tmp_path


def test_every_import_of_every_script_is_renamed_to_what_is_there(collected: Path) -> None:
    hashed = re.compile(r"\.[0-9a-f]{12}\.js$")
    scripts = [path for path in (collected / "js").glob("*.js") if hashed.search(path.name)]
    names = {path.name for path in (ROOT / "static" / "js").glob("*.js")}
    assert {hashed.sub(".js", path.name) for path in scripts} == names
    for script in scripts:
        for address in re.findall(r"""(?:from|import)\s*\(?["'](\.[^"']+)["']""", script.read_text()):
            assert hashed.search(address), f"{script.name} imports {address}"
            assert (script.parent / address).is_file(), f"{script.name} imports {address}"


def test_lists_for_set_up_are_not_published(collected: Path) -> None:
    assert not [
        path.name
        for path in collected.rglob("*")
        if re.match(r"(package|vendor|tsconfig)\S*\.json", path.name)
    ]
