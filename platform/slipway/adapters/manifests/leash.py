"""What a kustomization may name: files of its own bundle. Nothing is fetched, nothing outside is read.

Kustomize matches field names without regard to case and reads any file field from the net if it is an address, so
every such field is looked at, in its kustomizations and in the configuration of its built-in plugins.
"""

from __future__ import annotations

import posixpath
import re
from typing import Any

from slipway.adapters.manifests.documents import yaml_values
from slipway.ports.sources import Bundle, BundleProblem

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")

_FETCHING = frozenset({"helmcharts", "helmchartinflationgenerator", "helmglobals"})
_PLUGINS = frozenset({"generators", "transformers", "validators"})
_PATHS = frozenset(
    {
        "resources",
        "bases",
        "components",
        "crds",
        "configurations",
        "patchesstrategicmerge",
        "path",
        "files",
        "env",
        "envs",
        *_PLUGINS,
    }
)
_REMOTE = re.compile(
    r"://|^git::|^[\w.+-]+@[\w.-]+[:/]|^(www\.)?(github\.com|gitlab\.com|bitbucket\.org)[/:]|[?&]ref=",
    re.IGNORECASE,
)


def refuse_what_leaves(bundle: Bundle) -> None:
    """Raises BundleProblem with the entry that is fetched from elsewhere or lies outside."""
    plugins = False
    for name in sorted(bundle):
        if posixpath.basename(name) in NAMES:
            for value, _ in yaml_values(bundle[name], filename=name):
                plugins = _walk(value, "", name) or plugins
    if plugins:
        for name in sorted(bundle):
            _check_plugins(name, bundle[name])


def _check_plugins(name: str, content: bytes) -> None:
    """A plugin's configuration may be any file; only those that kustomize itself carries run at all."""
    try:
        values = [value for value, _ in yaml_values(content, filename=name)]
    except BundleProblem:
        return  # not YAML, and so no configuration
    for value in values:
        if isinstance(value, dict) and str(value.get("apiVersion", "")).startswith("builtin"):
            _walk(value, "", name)


def _walk(value: Any, field: str, name: str) -> bool:
    """True when a plugin is used anywhere. `field` is the name that `value` stands under."""
    plugins = False
    if isinstance(value, list):
        for inner in value:
            plugins = _walk(inner, field, name) or plugins
        return plugins
    if isinstance(value, str):
        if field in _PATHS:
            _check(value, field, name)
        return False
    if not isinstance(value, dict):
        return False
    for key, inner in value.items():
        lowered = key.lower()
        if lowered in _FETCHING and inner:
            raise BundleProblem(f"“{key}” fetches charts; it is not allowed here.", file=name)
        plugins = plugins or (lowered in _PLUGINS and bool(inner))
        plugins = _walk(inner, lowered, name) or plugins
    return plugins


def _check(entry: str, field: str, name: str) -> None:
    if "\n" in entry:
        if field in _PLUGINS:
            for value, _ in yaml_values(entry.encode(), filename=name):
                _walk(value, "", name)
        return
    path = entry.partition("=")[2] or entry if field in ("files", "env", "envs") else entry
    if _REMOTE.search(path):
        raise BundleProblem(
            f"“{entry}” is fetched from elsewhere; a bundle holds everything it needs.", file=name
        )
    inside = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
    if path.startswith("/") or inside == ".." or inside.startswith("../"):
        raise BundleProblem(f"“{entry}” lies outside the bundle.", file=name)
