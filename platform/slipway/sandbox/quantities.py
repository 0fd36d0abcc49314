"""Resource quantities in the one form in which a server keeps them: 0.5 is 500m, 1024Mi is 1Gi."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

_FORM = re.compile(r"^([+-]?)(\d+(?:\.\d*)?|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$")
_BINARY = {suffix: 1024**power for power, suffix in enumerate(("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"))}
_DECIMAL = {
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 1000),
    "": Fraction(1),
    "k": Fraction(10**3),
    "M": Fraction(10**6),
    "G": Fraction(10**9),
    "T": Fraction(10**12),
    "P": Fraction(10**15),
    "E": Fraction(10**18),
}


def parse(text: str) -> Fraction | None:
    found = _FORM.match(text.strip())
    if not found:
        return None
    sign, number, suffix = found.groups()
    value = Fraction(number.strip(".") if number.endswith(".") else number)
    suffix = suffix or ""
    if suffix in _BINARY:
        value *= _BINARY[suffix]
    elif suffix in _DECIMAL:
        value *= _DECIMAL[suffix]
    else:
        value *= Fraction(10) ** int(suffix[1:])
    return -value if sign == "-" else value


@lru_cache(4096)
def canonical(text: str) -> str | None:
    """None when it is no quantity."""
    value, found = parse(text), _FORM.match(text.strip())
    if value is None or found is None:
        return None
    if value == 0:
        return "0"
    suffix = found[3] or ""
    if suffix.endswith("i") and abs(value) >= 1024 and value.denominator == 1:
        for name, factor in sorted(_BINARY.items(), key=lambda one: -one[1]):
            if value % factor == 0:
                return f"{value // factor}{name}"
    if suffix[:1] in ("e", "E") and len(suffix) > 1:
        exponent = 0
        while value.denominator == 1 and value % 1000 == 0:
            value, exponent = value / 1000, exponent + 3
        if value.denominator == 1:
            return f"{value}e{exponent}" if exponent else str(value)
    for name, part in sorted(_DECIMAL.items(), key=lambda one: -one[1]):
        scaled = value / part
        if scaled.denominator == 1:
            return f"{scaled}{name}"
    nano = value / _DECIMAL["n"]
    return f"{-(-nano.numerator // nano.denominator)}n"  # finer than a nano is rounded up, as servers do
