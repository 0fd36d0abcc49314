"""The pages' scripts: their pure parts by node's own test runner. What needs a document is tested in a browser."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_scripts_own_tests_pass(tmp_path: Path) -> None:
    """Without node on the machine the one that set-up keeps is taken; without either this fails, and says so.

    In a copy: node takes scripts for modules where a package.json above them says so, and the checkout has none.
    """
    for folder in ("static/js", "tests/js"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    files = sorted(str(path) for path in (tmp_path / "tests" / "js").glob("*.test.js"))
    assert files
    node = [sys.executable, ROOT / "deploy" / "set-up" / "front_end.py", "node"]
    ran = subprocess.run(
        [*node, "--test", *files], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, f"{ran.stdout[-8000:]}\n{ran.stderr[-4000:]}"
    assert "# fail 0" in ran.stdout or "ℹ fail 0" in ran.stdout, ran.stdout[-4000:]
