"""Tells whether what is on disk was prepared by exactly this Slipway, without loading Django (two seconds)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from slipway.embedded.data import write_private

_PACKAGES_WITH_TABLES = ("slipway", "django", "django-allauth", "django-celery-beat")
_PACKAGES_WITH_ASSETS = (
    "slipway",
    "django",
    "djangorestframework",
    "drf-spectacular-sidecar",
    "django-allauth",
    "django-htmx",
    "whitenoise",
)


class Stamp:
    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, name: str) -> object:
        try:
            return json.loads(self._path.read_text()).get(name)
        except (OSError, ValueError, AttributeError):
            return None

    def write(self, name: str, value: object) -> None:
        try:
            known = json.loads(self._path.read_text())
        except (OSError, ValueError):
            known = {}
        write_private(self._path, json.dumps({**known, name: value}))


def of_migrations() -> str:
    apps = _folder("apps")
    files = [*sorted(apps.glob("*/migrations/*.py")), apps / "core" / "tenancy.py"]
    files.append(apps / "core" / "management" / "commands" / "ensure_schedule.py")
    digest = _of_versions(_PACKAGES_WITH_TABLES)
    for path in files:
        digest.update(f"{path.relative_to(apps)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def of_assets(static: Path) -> str:
    """By size and time of change: reading megabytes of fonts at every start would cost more than it saves."""
    digest = _of_versions(_PACKAGES_WITH_ASSETS)
    for path in sorted(path for path in static.rglob("*") if path.is_file()):
        facts = path.stat()
        digest.update(f"{path.relative_to(static)} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _of_versions(packages: Iterable[str]) -> hashlib._Hash:
    digest = hashlib.sha256()
    for package in packages:
        try:
            found = version(package)
        except PackageNotFoundError:
            found = "none"
        digest.update(f"{package} {found}\n".encode())
    return digest


def _folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(package)
    return Path(next(iter(spec.submodule_search_locations)))
