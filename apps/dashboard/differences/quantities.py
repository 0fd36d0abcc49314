"""Kubernetes quantities as numbers: 300Mi, 0.5, 250m, 1e3."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

_QUANTITY = re.compile(
    r"([+-]?\d+(?:\.\d*)?|[+-]?\.\d+)(?:([eE][+-]?\d+)|(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E))?"
)
_FACTORS = {
    **{f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTPE", 1)},
    **{letter: Decimal(1000) ** power for power, letter in enumerate("kMGTPE", 1)},
    **{letter: Decimal(1000) ** -power for power, letter in enumerate("mun", 1)},
}


def quantity(value: Any) -> Decimal | None:
    """None where it is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    found = _QUANTITY.fullmatch(str(value).strip())
    if not found:
        return None
    number, exponent, suffix = found.groups()
    return Decimal(f"{number}{exponent or ''}") * _FACTORS.get(suffix or "", Decimal(1))


def less_by(before: Any, after: Any) -> int | None:
    """By how many percent `after` is less; None where it is not, or one of them is no quantity."""
    old, new = quantity(before), quantity(after)
    if old is None or new is None or old <= 0 or new >= old:
        return None
    return max(1, round((old - new) / old * 100))
