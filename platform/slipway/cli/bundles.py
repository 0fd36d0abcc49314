"""What is sent as a release's source: the text of one file, or several files as one archive."""

from __future__ import annotations

import base64
import gzip
import io
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

from slipway.cli.outcomes import CommandFailed, Outcome

# The server's own limits; known here, a gigabyte is refused before it is packed.
MOST_BYTES = 5 * 1024 * 1024
MOST_FILES = 2000
_LEFT_OUT = frozenset({".git", ".hg", ".svn", ".venv", "node_modules", "__pycache__"})


def read_bundle(paths: Sequence[Path]) -> dict[str, str]:
    """`manifests` or `archive`, as the API takes them. Mistakes come back under the name that was given here."""
    if [str(path) for path in paths] == ["-"]:
        return {"manifests": _text(sys.stdin.buffer.read(), "stdin"), "manifests_name": "stdin"}
    if len(paths) == 1 and paths[0].is_file():
        return {"manifests": _text(_read(paths[0]), str(paths[0])), "manifests_name": str(paths[0])[-400:]}
    return {"archive": base64.b64encode(pack(_files(paths))).decode()}


def pack(files: dict[str, bytes]) -> bytes:
    """A .tar.gz whose bytes depend on names and contents alone, so that the same files twice are the same request."""
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(files):
            entry = tarfile.TarInfo(name)
            entry.size = len(files[name])
            archive.addfile(entry, io.BytesIO(files[name]))
    return gzip.compress(inner.getvalue(), mtime=0)


def _files(paths: Sequence[Path]) -> dict[str, bytes]:
    if len(paths) == 1 and paths[0].is_dir():
        found = {path.relative_to(paths[0]).as_posix(): path for path in _walk(paths[0])}
    else:
        found = {}
        for path in paths:
            if not path.is_file():
                what = "a directory; one goes alone" if path.is_dir() else "not there"
                raise CommandFailed(f"{path} is {what}.", Outcome.USAGE)
            if path.name in found:
                raise CommandFailed(f"Two files are called {path.name}; send their directory.", Outcome.USAGE)
            found[path.name] = path
    if not found:
        raise CommandFailed(f"{paths[0]} holds no files.", Outcome.USAGE)
    if len(found) > MOST_FILES:
        raise CommandFailed(
            f"{paths[0]} holds {len(found):,} files; {MOST_FILES:,} are taken.", Outcome.USAGE
        )
    if (size := sum(path.stat().st_size for path in found.values())) > MOST_BYTES:
        raise CommandFailed(f"The files are {size:,} bytes; {MOST_BYTES:,} are taken.", Outcome.USAGE)
    return {name: _read(path) for name, path in found.items()}


def _walk(folder: Path) -> list[Path]:
    found: list[Path] = []
    for path in sorted(folder.iterdir()):
        if path.name in _LEFT_OUT:
            continue
        if path.is_symlink():
            raise CommandFailed(f"{path} is a link; links are not sent.", Outcome.USAGE)
        if path.is_dir():
            found += _walk(path)
        elif path.is_file():
            found.append(path)
        if len(found) > MOST_FILES:
            return found
    return found


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandFailed(f"{path} cannot be read: {error.strerror}.", Outcome.USAGE) from None


def _text(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise CommandFailed(f"{name} is no UTF-8 text.", Outcome.USAGE) from None
