from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_hook", ROOT / "deploy" / "set-up" / "build_hook.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(tmp_path: Path) -> Path:
    vendor = tmp_path / "static" / "vendor"
    vendor.mkdir(parents=True)
    (vendor / "font").write_bytes(b"letters")
    listed = {"font": {"from": "package/font", "sha256": hashlib.sha256(b"letters").hexdigest()}}
    lists = tmp_path / "deploy" / "set-up" / "front-end"
    lists.mkdir(parents=True)
    (lists / "vendor.json").write_text(json.dumps(listed))
    return tmp_path


def build(hook: ModuleType, project: Path, version: str = "standard") -> None:
    made: Any = hook.VendoredFiles(str(project), {}, None, None, "", "wheel")
    made.initialize(version, {})


def test_a_wheel_is_built_when_every_listed_file_is_there(hook: ModuleType, project: Path) -> None:
    build(hook, project)


def test_a_missing_file_fails_the_build_by_name(hook: ModuleType, project: Path) -> None:
    (project / "static" / "vendor" / "font").unlink()
    with pytest.raises(FileNotFoundError, match=r"static/vendor/font is missing. `make assets` fetches it"):
        build(hook, project)
    build(hook, project, "editable")


def test_a_file_with_other_content_fails_the_build_by_name(hook: ModuleType, project: Path) -> None:
    (project / "static" / "vendor" / "font").write_bytes(b"other letters")
    with pytest.raises(ValueError, match=r"static/vendor/font is not the file"):
        build(hook, project)


@pytest.mark.parametrize(
    "path",
    ["requirements.lock", "requirements-dev.lock", "deploy/set-up/tools.lock", "deploy/set-up/node.lock"],
)
def test_locks_name_a_hash_for_every_package_and_no_address(path: str) -> None:
    lines = (ROOT / path).read_text().splitlines()
    assert not [line for line in lines if "://" in line or line.startswith("-")]
    packages = [number for number, line in enumerate(lines) if line and line[0] not in " #"]
    assert packages
    for number in packages:
        assert lines[number + 1].strip().startswith("--hash=sha256:"), lines[number]


@pytest.mark.parametrize("folder", [".", "tools"])
def test_the_npm_locks_name_no_address_to_fetch_from(folder: str) -> None:
    lock = json.loads((ROOT / "deploy" / "set-up" / "front-end" / folder / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert len(packages) == 2
    assert all(
        entry["integrity"].startswith("sha512-") and "resolved" not in entry for entry in packages.values()
    )
