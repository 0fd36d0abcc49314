"""From what a user sends to documents."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Protocol

from slipway.engine.objects import Manifest

Bundle = Mapping[str, bytes]
"""Relative path → content."""

MOST_BYTES = 5 * 1024 * 1024
MOST_FILES = 2000
MOST_DOCUMENTS = 5000


class BundleProblem(ValueError):
    """What is wrong and where; line and column count from 1, 0 where there is none."""

    def __init__(self, sentence: str, *, file: str = "", line: int = 0, column: int = 0) -> None:
        where = f"{file}, line {line}, column {column}: " if line else f"{file}: " if file else ""
        super().__init__(f"{where}{sentence}")
        self.sentence = sentence
        self.file = file
        self.line = line
        self.column = column


class Renderer(Protocol):
    def render(self, bundle: Bundle, path: str) -> tuple[Manifest, ...]:
        """The documents of one environment; `path` is the overlay, "" for the whole bundle. Raises BundleProblem."""


def bundle_digest(bundle: Bundle) -> str:
    digest = hashlib.sha256()
    for path in sorted(bundle):
        content = bundle[path]
        digest.update(f"{len(path)}:{path}:{len(content)}:".encode() + content)
    return f"sha256:{digest.hexdigest()}"


def check_bundle(bundle: Bundle) -> None:
    """Sizes and paths. Raises BundleProblem."""
    if not bundle:
        raise BundleProblem("The bundle is empty.")
    if len(bundle) > MOST_FILES:
        raise BundleProblem(f"The bundle holds {len(bundle)} files; {MOST_FILES} are allowed.")
    size = sum(len(content) for content in bundle.values())
    if size > MOST_BYTES:
        raise BundleProblem(f"The bundle is {size:,} bytes; {MOST_BYTES:,} are allowed.")
    for path in bundle:
        parts = path.split("/")
        if (
            path.startswith("/")
            or "\\" in path
            or "\0" in path
            or ".." in parts
            or "" in parts
            or "." in parts
        ):
            raise BundleProblem(f"“{path}” is no path inside a bundle.")
