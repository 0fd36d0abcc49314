"""Secrets in a container's output, masked line by line. Best effort by nature: a program can write a secret in a form
that nobody knows. What is known by value is masked wherever it stands; the rest is recognised by its shape.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable

MASK = "••••••"
SHORTEST = 6  # a shorter value would be found in half of all words
MOST_VALUES = 1000

# Colours and other commands to a terminal: away before anything is compared, since they can stand inside a secret.
_TERMINAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")

_KEY_BEGINS = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_KEY_ENDS = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_LONGEST_KEY_LINES = 200

# Long words wherever they stand (`mypassword`), short ones only as a word of their own (`compass` is none).
_NAMED = (
    r"(?:password|passwd|passphrase|secret|credential|(?<![A-Za-z])(?:pass|pwd|auth|cookie|dsn|token|session[_-]?id)"
    r"|(?:(?<![A-Za-z])|(?<=[a-z])(?=(?-i:[A-Z])))(?:(?:access|auth|refresh|id|api|bearer)[_-]?token|token)"
    r"|(?:api|access|private|signing|encryption|secret)[_-]?key|connection[_-]?string)"
    r"s?(?:[_-][a-z0-9_-]{0,20}|[0-9]{1,3})?\\?[\"']?\s{0,4}(?:=>|[:=])\s{0,4}"
)
_TOKENS = "|".join(
    (
        r"gh[pousr]_[A-Za-z0-9]{20,}",
        r"github_pat_[A-Za-z0-9_]{20,}",
        r"glpat-[A-Za-z0-9_-]{16,}",
        r"npm_[A-Za-z0-9]{20,}",
        r"xox[abeprs]-[A-Za-z0-9-]{10,}",
        r"(?:AKIA|ASIA)[A-Z0-9]{16}",
        r"AIza[A-Za-z0-9_-]{30,}",
        r"[sr]k_(?:live|test)_[A-Za-z0-9]{10,}",
        r"hv[sb]\.[A-Za-z0-9_-]{20,}",
        r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
        r"slp_[A-Za-z0-9_-]{20,}",
    )
)
_AUTHORIZATION = (
    r"(?i)\b((?:proxy-)?authorization[\"']?\s{0,4}[:=]\s{0,4}[\"']?"
    r"(?:(?:bearer|basic|token|digest|negotiate)\s{1,4})?)(?!(?:bearer|basic)\s)[^\s\"',;]{3,}"
)
# Each keeps what stands in its first group, so that one sees what was masked. No part of them can go back far.
_SHAPES = tuple(
    re.compile(shape)
    for shape in (
        _AUTHORIZATION,
        r"(?i)\b((?:bearer|basic)\s{1,4})(?=[^\s\"',;]{0,400}[0-9+/=_.~-])[^\s\"',;]{12,}",
        r"(://[^\s/:@\"']{0,200}:)[^\s/@\"']{1,400}(?=@)",
        rf"(?i)({_NAMED}\\?\")(?:[^\"\\]|\\[^\"]){{1,4000}}\\?(?=\"|$)",
        rf"(?i)({_NAMED}')[^']{{1,4000}}(?='|$)",
        rf"(?i)({_NAMED})(?![\"'\\•])[^\s\"',;&)}}\]\\]{{3,}}",
        r"()\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?",
        rf"()\b(?:{_TOKENS})",
    )
)


class Masker:
    """One stream's: it remembers from line to line that a private key is being written."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._known = _any_of(values)
        self._key_lines = 0

    def line(self, text: str) -> str:
        text = _CONTROL.sub("", _TERMINAL.sub("", text))
        if self._key_lines:
            return self._inside_a_key(text)
        if (begins := _KEY_BEGINS.search(text)) is not None:
            if (ends := _KEY_ENDS.search(text, begins.end())) is not None:
                text = text[: begins.start()] + MASK + text[ends.end() :]
            else:
                self._key_lines = 1
                text = f"{text[: begins.start()]}{MASK} (a private key)"
        if self._known is not None:
            text = self._known.sub(MASK, text)
        for shape in _SHAPES:
            text = shape.sub(rf"\g<1>{MASK}", text)
        return text

    def _inside_a_key(self, text: str) -> str:
        ends = _KEY_ENDS.search(text)
        self._key_lines = 0 if ends or self._key_lines > _LONGEST_KEY_LINES else self._key_lines + 1
        return MASK + (text[ends.end() :] if ends else "")


def _any_of(values: Iterable[str]) -> re.Pattern[str] | None:
    """The longest first, so that a value that holds another one is masked whole."""
    forms: set[str] = set()
    for value in values:
        lines = [line.strip() for line in value.splitlines()]
        for form in (value.strip(), *lines, base64.b64encode(value.encode()).decode()):
            if len(form) >= SHORTEST:
                forms.add(form)
    chosen = sorted(forms, key=lambda form: (-len(form), form))[:MOST_VALUES]
    return re.compile("|".join(re.escape(form) for form in chosen)) if chosen else None
