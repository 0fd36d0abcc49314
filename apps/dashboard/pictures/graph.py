"""A rollout as a drawing: release → objects → ReplicaSets → pods, laid out here, so that a page needs no script for it.

Columns stand still; an object is as high as its pods need, and what the plan leaves alone is one box.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from apps.dashboard.marks import Mark, health_mark
from apps.dashboard.pictures.objects import ObjectLine, Objects
from apps.dashboard.pictures.pods import Seen, pod_mark, pod_words, pods_by_owner, short_name
from apps.dashboard.words import count
from apps.rollouts.models import Rollout
from slipway.engine.objects import ObjectKey

MOST_OBJECTS = 60
MOST_PODS = 60  # of one set

WIDTH = 694
_RELEASE_X, _RELEASE_WIDTH = 4, 104
_OBJECT_X, _OBJECT_WIDTH, _OBJECT_HEIGHT = 144, 188, 36
_SET_X, _SET_WIDTH, _SET_HEIGHT = 364, 120, 24
_PODS_X, _POD, _PODS_A_LINE = 496, 15, 13
_GAP = 12


@dataclass(frozen=True, slots=True)
class PodDot:
    uid: str
    x: int
    y: int
    look: str
    shape: str  # full, half, cross, ring, faint, dashed
    words: str


@dataclass(frozen=True, slots=True)
class SetBox:
    x: int
    y: int
    name: str
    says: str
    look: str
    new: bool
    edge: str
    dots: tuple[PodDot, ...]
    to_come: tuple[tuple[int, int], ...]
    more: int
    more_x: int
    more_y: int

    @property
    def bottom(self) -> int:
        return self.y + _SET_HEIGHT


@dataclass(frozen=True, slots=True)
class ObjectBox:
    x: int
    y: int
    line: ObjectLine
    name: str
    says: str
    bar: int  # its width: how much of it is ready
    edge: str
    sets: tuple[SetBox, ...]

    @property
    def bar_y(self) -> int:
        return self.y + _OBJECT_HEIGHT - 3


@dataclass(frozen=True, slots=True)
class Graph:
    height: int
    release_y: int
    boxes: tuple[ObjectBox, ...]
    folded: int
    folded_y: int
    folded_edge: str
    all_shown: bool
    more: int

    width = WIDTH
    object_width, object_height = _OBJECT_WIDTH, _OBJECT_HEIGHT
    set_width, set_height = _SET_WIDTH, _SET_HEIGHT
    release_x, release_width = _RELEASE_X, _RELEASE_WIDTH
    object_x = _OBJECT_X


def graph_of(rollout: Rollout, objects: Objects, *, everything: bool) -> Graph:
    """`everything`: also what the plan leaves as it is."""
    pods: Mapping[str, Seen] = (rollout.progress or {}).get("pods", {})
    if rollout.ended_at is not None:
        pods = {uid: pod for uid, pod in pods.items() if not pod["ending"]}
    by_owner = pods_by_owner(pods)
    lines = objects.everything if everything else objects.lines
    shown = lines[:MOST_OBJECTS]
    heights = [_height(line, by_owner.get(line.key, ())) for line in shown]
    folds = not everything and objects.unchanged > 0
    height = sum(heights) + _GAP * (len(heights) + 1) + (_OBJECT_HEIGHT + _GAP if folds else 0)
    middle = height // 2
    boxes, top = [], _GAP
    for line, high in zip(shown, heights, strict=True):
        boxes.append(_box(line, by_owner.get(line.key, ()), top, high, middle))
        top += high + _GAP
    return Graph(
        height=max(height, 80),
        release_y=middle,
        boxes=tuple(boxes),
        folded=objects.unchanged if folds else 0,
        folded_y=top,
        folded_edge=_curve(_RELEASE_X + _RELEASE_WIDTH, middle, _OBJECT_X, top + _OBJECT_HEIGHT // 2),
        all_shown=everything,
        more=len(lines) - len(shown),
    )


def _by_set(pods: Iterable[tuple[str, Seen]]) -> list[tuple[str, list[tuple[str, Seen]]]]:
    found: dict[str, list[tuple[str, Seen]]] = {}
    for uid, pod in pods:
        found.setdefault(pod["set"], []).append((uid, pod))
    return sorted(found.items(), key=lambda pair: (not pair[1][0][1]["new"], pair[0]))


def _to_come(line: ObjectLine, members: Sequence[tuple[str, Seen]]) -> int:
    """Pods that are wanted and not there yet stand with the new set."""
    if not members or not members[0][1]["new"] or not line.wanted:
        return 0
    return max(0, line.wanted - sum(1 for _, pod in members if not pod["ending"]))


def _set_heights(line: ObjectLine, pods: Sequence[tuple[str, Seen]]) -> list[int]:
    heights = []
    for _, members in _by_set(pods):
        dots = min(MOST_PODS, len(members) + _to_come(line, members)) + (1 if len(members) > MOST_PODS else 0)
        heights.append(max(_SET_HEIGHT, -(-dots // _PODS_A_LINE) * _POD))
    return heights


def _height(line: ObjectLine, pods: Sequence[tuple[str, Seen]]) -> int:
    heights = _set_heights(line, pods)
    return max(_OBJECT_HEIGHT, sum(heights) + 6 * max(0, len(heights) - 1))


def _box(line: ObjectLine, pods: Sequence[tuple[str, Seen]], top: int, high: int, middle: int) -> ObjectBox:
    y = top + (high - _OBJECT_HEIGHT) // 2
    centre = y + _OBJECT_HEIGHT // 2
    heights = _set_heights(line, pods)
    at = top + (high - sum(heights) - 6 * max(0, len(heights) - 1)) // 2
    sets = []
    for (name, members), tall in zip(_by_set(pods), heights, strict=True):
        sets.append(_set(line, name, members, at, tall, centre))
        at += tall + 6
    return ObjectBox(
        x=_OBJECT_X,
        y=y,
        line=line,
        name=line.name if len(line.name) <= 19 else f"{line.name[:10]}…{line.name[-8:]}",
        says=f"{line.ready or 0}/{line.wanted}" if line.wanted is not None else "",
        bar=round(_OBJECT_WIDTH * (line.ready or 0) / line.wanted) if line.wanted else 0,
        edge=_curve(_RELEASE_X + _RELEASE_WIDTH, middle, _OBJECT_X, centre),
        sets=tuple(sets),
    )


def _set(
    line: ObjectLine, name: str, members: Sequence[tuple[str, Seen]], top: int, tall: int, centre: int
) -> SetBox:
    owner = ObjectKey.parse(line.key).name
    y = top + (tall - _SET_HEIGHT) // 2
    new = bool(members[0][1]["new"])
    spots = [
        (_PODS_X + place % _PODS_A_LINE * _POD, top + place // _PODS_A_LINE * _POD + (tall < 2 * _POD) * 5)
        for place in range(min(MOST_PODS, len(members) + _to_come(line, members)) + 1)
    ]
    shown = list(members)[:MOST_PODS]
    healths = {pod["health"] for _, pod in members}
    worst = next((word for word in ("degraded", "progressing", "unknown") if word in healths), "healthy")
    more_x, more_y = spots[len(shown)]
    return SetBox(
        x=_SET_X,
        y=y,
        name=short_name(name, owner) or "no set",
        says=count(len(members), "pod"),
        look=health_mark(worst).look if new else "todo",
        new=new,
        edge=_curve(_OBJECT_X + _OBJECT_WIDTH, centre, _SET_X, y + _SET_HEIGHT // 2),
        dots=tuple(_dot(uid, pod, *spot) for (uid, pod), spot in zip(shown, spots, strict=False)),
        to_come=tuple(spots[len(shown) : -1]),
        more=len(members) - len(shown),
        more_x=more_x,
        more_y=more_y + 10,
    )


def _dot(uid: str, pod: Seen, x: int, y: int) -> PodDot:
    mark = pod_mark(pod)
    return PodDot(uid, x, y, mark.look, _shape(pod, mark), pod_words(pod))


def _shape(pod: Seen, mark: Mark) -> str:
    if mark.look == "failed":
        return "cross"
    if mark.look == "aborted":
        return "faint"
    if not pod["new"]:
        return "ring"
    return {"healthy": "full", "progressing": "half"}.get(mark.look, "dashed")


def _curve(x: int, y: int, to_x: int, to_y: int) -> str:
    bend = (to_x - x) // 2
    return f"M{x} {y}C{x + bend} {y} {to_x - bend} {to_y} {to_x} {to_y}"
