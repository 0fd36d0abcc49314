"""Differences between objects, field by field, and who owns which field. Pure."""

from slipway.engine.diff.extracting import applied_by
from slipway.engine.diff.fields import FieldChange, changes, normalised
from slipway.engine.diff.owners import Owned, owned_by, owners, strangers
from slipway.engine.diff.paths import value_at
from slipway.engine.diff.text import unified

__all__ = [
    "FieldChange",
    "Owned",
    "applied_by",
    "changes",
    "normalised",
    "owned_by",
    "owners",
    "strangers",
    "unified",
    "value_at",
]
