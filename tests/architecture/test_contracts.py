"""Imports point one way, migrations are made, no file says where packages come from."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.architecture.running import ROOT, tracked


def test_every_import_contract_is_kept():
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT / 'platform'}:{ROOT}"},
    )
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


def test_every_app_is_placed_on_the_ladder_and_has_the_inner_contract():
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = {
            contract["name"]: contract for contract in tomllib.load(file)["tool"]["importlinter"]["contracts"]
        }
    apps = {path.parent.name for path in (ROOT / "apps").glob("*/__init__.py")}
    ladder = contracts["Apps import downwards"]
    assert set(ladder["layers"]) == apps
    assert ladder["exhaustive"]
    inner = {
        name.partition(".")[2]
        for name in contracts["Inside an app: edges, services, reads, models"]["containers"]
    }
    with_services = {name for name in apps if (ROOT / "apps" / name / "models.py").exists()}
    # core stands below; dashboard is an edge whole, and what it keeps are ways of looking.
    assert with_services - inner <= {"core", "dashboard"}


def test_no_model_is_without_its_migration():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "manage.py", "makemigrations", "--check", "--dry-run"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "slipway.settings.test"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No changes detected" in done.stdout


# Where packages come from is the machine's to say; said here in halves, so that this file does not say it either.
_INDEXES = (
    "pypi" + ".org",
    "python" + "hosted",
    "registry." + "npmjs",
    "npmjs" + ".org",
    "proxy." + "golang",
)
_OPTIONS = ("--index" + "-url", "--extra-index" + "-url", "--find" + "-links", "--trusted" + "-host")


def test_no_file_names_an_index_of_packages():
    wrong = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        wrong += [f"{path.relative_to(ROOT)}: {sign}" for sign in (*_INDEXES, *_OPTIONS) if sign in text]
    assert wrong == []


def test_every_locked_package_has_its_hashes_and_no_address():
    for lock in sorted(ROOT.glob("requirements*.lock")):
        text = lock.read_text()
        assert "://" not in text, lock.name
        pinned = [line for line in text.splitlines() if "==" in line and not line.lstrip().startswith("#")]
        assert len(pinned) > 20
        assert all(line.rstrip().endswith("\\") for line in pinned), lock.name


def test_no_module_is_longer_than_a_head_can_hold():
    """A median near 50 lines; a module that nears 350 is split by noun or verb."""
    long = {
        str(path.relative_to(ROOT)): count
        for root in ("platform/slipway/engine", "platform/slipway/adapters", "platform/slipway/ports")
        for path in (ROOT / root).rglob("*.py")
        if (count := len(path.read_text().splitlines())) > 360
    }
    assert long == {}
