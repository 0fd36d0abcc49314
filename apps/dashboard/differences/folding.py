"""Fields that change because something else does. They are counted and kept within reach, not shown first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from apps.dashboard.differences.renames import with_new_names
from slipway.engine.diff import FieldChange

_OWN = 'metadata.annotations."slipway.dev/'
_TWIN = ".serviceAccount"


def fold(
    changes: Sequence[FieldChange], names: Mapping[str, str]
) -> tuple[tuple[FieldChange, ...], tuple[tuple[FieldChange, str], ...]]:
    """(what is read, what is folded and why). `names` maps an object's old name to its new one."""
    paths = {change.path for change in changes}
    shown: list[FieldChange] = []
    folded: list[tuple[FieldChange, str]] = []
    for change in changes:
        why = _why(change, paths, names)
        if why:
            folded.append((change, why))
        else:
            shown.append(change)
    return tuple(shown), tuple(folded)


def _why(change: FieldChange, paths: set[str], names: Mapping[str, str]) -> str:
    if change.path.startswith(_OWN):
        return "Slipway's own mark"
    if change.path.endswith(_TWIN) and f"{change.path}Name" in paths:
        return "the old spelling of serviceAccountName"
    if names and change.before is not None and with_new_names(change.before, names) == change.after:
        return "follows the new content's name"
    return ""
