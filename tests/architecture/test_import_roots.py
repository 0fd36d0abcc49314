"""`platform/` is a source root and never a package; what is pure stays light."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

from tests.architecture.running import ROOT, python

LOADED = "import sys; print(sorted({name.partition('.')[0] for name in sys.modules}))"


def test_platform_is_no_package():
    assert not (ROOT / "platform" / "__init__.py").exists()


def test_the_standard_librarys_platform_is_intact_even_with_ours_first_on_the_path():
    done = python("import platform; print(platform.__file__); print(platform.python_version())")
    assert done.returncode == 0, done.stderr
    file = done.stdout.splitlines()[0]
    assert Path(file).parent == Path(sysconfig.get_path("stdlib"))


def test_it_is_intact_in_this_very_process():
    import platform

    assert Path(platform.__file__).parent == Path(sysconfig.get_path("stdlib"))
    assert hasattr(platform, "system")


def test_the_package_itself_is_empty():
    """`from .celery import app` in it would load Django into the engine and the command line."""
    assert (ROOT / "platform/slipway/__init__.py").read_text() == ""


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("slipway.engine.decide", {"django", "celery", "kubernetes", "yaml", "structlog", "urllib3"}),
        ("slipway.engine.plans", {"django", "celery", "kubernetes", "yaml", "structlog", "urllib3"}),
        ("slipway.engine.health", {"django", "celery", "kubernetes", "yaml", "structlog", "urllib3"}),
        ("slipway.ports.clusters", {"django", "celery", "kubernetes", "yaml"}),
        ("slipway.adapters.manifests", {"django", "celery", "kubernetes", "apps"}),
        ("slipway.adapters.kubernetes.clusters", {"django", "celery", "apps"}),
        ("slipway.cli.main", {"django", "celery", "kubernetes", "apps"}),
    ],
)
def test_importing_a_module_leaves_the_rest_out(module: str, absent: set[str]):
    done = python(f"import {module}; {LOADED}")
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.strip("[]\n").replace("'", "").split(", "))
    assert "slipway" in loaded
    assert loaded & absent == set()


def test_no_test_lies_where_pytest_would_shadow_the_standard_library():
    found = [
        path for path in (ROOT / "platform").rglob("*.py") if path.name.startswith(("test_", "conftest"))
    ]
    assert found == []


def test_nothing_is_imported_through_the_folder():
    wrong = [
        str(path.relative_to(ROOT))
        for root in ("platform", "apps", "tests")
        for path in (ROOT / root).rglob("*.py")
        if "platform.slipway" in path.read_text(encoding="utf-8") and path.name != "test_import_roots.py"
    ]
    assert wrong == []
