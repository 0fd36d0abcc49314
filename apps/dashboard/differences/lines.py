"""Two texts line by line: runs of changed lines, a little of what stands around them, the rest folded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from apps.dashboard.differences.words import Part, Parts, compare_words

CONTEXT = 2
_MOST_COMPARED = 3000  # lines of both sides, after what they begin and end with alike
_MOST_SHOWN = 400  # of one side of one run
_SUBJECT = re.compile(r"[:=\s]")


@dataclass(frozen=True, slots=True)
class Line:
    side: str  # same, del, add
    parts: Parts


@dataclass(frozen=True, slots=True)
class Run:
    """Lines that belong together. A changed run has each old line before its new one, so that two columns can be
    laid out of the same order that a screen reader reads."""

    kind: str  # same, change, fold
    lines: tuple[Line, ...]
    folded: int = 0  # how many lines a fold stands for


def compare_lines(before: Sequence[str], after: Sequence[str], *, context: int = CONTEXT) -> tuple[Run, ...]:
    head = _alike(before, after)
    tail = _alike(before[head:][::-1], after[head:][::-1])
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    runs: list[Run] = []
    runs += _same(before[:head], context, first=True, last=False)
    if len(old) + len(new) > _MOST_COMPARED:
        runs.append(_changed(old, new))
    else:
        codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if old or new else []
        for kind, start, end, other_start, other_end in codes:
            if kind == "equal":
                runs += _same(old[start:end], context, first=False, last=False)
            else:
                runs.append(_changed(old[start:end], new[other_start:other_end]))
    runs += _same(before[len(before) - tail :] if tail else (), context, first=False, last=True)
    return tuple(runs)


def added(lines: Sequence[str]) -> tuple[Run, ...]:
    return (_changed((), lines),) if lines else ()


def removed(lines: Sequence[str]) -> tuple[Run, ...]:
    return (_changed(lines, ()),) if lines else ()


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    number = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        number += 1
    return number


def _same(lines: Sequence[str], context: int, *, first: bool, last: bool) -> Iterator[Run]:
    """Between two changes some of both ends, before the first only the end, after the last only the beginning."""
    before, after = (0 if first else context), (0 if last else context)
    hidden = len(lines) - before - after
    if hidden <= 1:
        if lines:
            yield Run("same", tuple(Line("same", (Part(line),)) for line in lines))
        return
    if before:
        yield Run("same", tuple(Line("same", (Part(line),)) for line in lines[:before]))
    yield Run("fold", (), hidden)
    if after:
        yield Run("same", tuple(Line("same", (Part(line),)) for line in lines[-after:]))


def _changed(old: Sequence[str], new: Sequence[str]) -> Run:
    hidden = max(0, len(old) - _MOST_SHOWN) + max(0, len(new) - _MOST_SHOWN)
    lines: list[Line] = []
    for before, after in _pairs(old[:_MOST_SHOWN], new[:_MOST_SHOWN]):
        left: Parts = (Part(before),) if before is not None else ()
        right: Parts = (Part(after),) if after is not None else ()
        if before is not None and after is not None:
            left, right = compare_words(before, after)
        if before is not None:
            lines.append(Line("del", left))
        if after is not None:
            lines.append(Line("add", right))
    return Run("change", tuple(lines), hidden)


def _pairs(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str | None, str | None]]:
    """Old and new lines that say the same thing of another value stand together: `image: a` with `image: b`, and not
    with whatever was put in front of it."""
    if len(old) == len(new) or not old or not new:
        yield from zip_longest(old, new)
        return
    matcher = SequenceMatcher(None, [_subject(line) for line in old], [_subject(line) for line in new], False)
    for kind, start, end, other_start, other_end in matcher.get_opcodes():
        left, right = old[start:end], new[other_start:other_end]
        if kind == "equal":
            yield from zip(left, right, strict=True)
        else:
            yield from ((line, None) for line in left)
            yield from ((None, line) for line in right)


def _subject(line: str) -> str:
    return _SUBJECT.split(line.strip().removeprefix("- "), maxsplit=1)[0]
