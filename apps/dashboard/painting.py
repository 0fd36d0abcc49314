"""The rollout page in pieces that are pushed one by one: an object's line, a workload's row, a group of its pods.

A fragment that holds other fragments holds only their places, so that it does not change with them: one pod's change
sends its group and nothing that stands around it. A page is made of the same pieces, put into their places at once.
Each is rendered once per process and content: pictures are frozen values, so what did not change is not rendered again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.dashboard.kept import Kept
from apps.dashboard.pictures.objects import ObjectLine, Objects
from apps.dashboard.pictures.pods import Pod, PodGroup, PodRow
from apps.dashboard.pictures.rollouts import RolloutPicture

Piece = ObjectLine | PodRow | PodGroup

_NAMES = {ObjectLine: "li", PodRow: "div", PodGroup: "span"}


def pieces_of(objects: Objects) -> Iterator[Piece]:
    """What holds others comes before what it holds; ids sort the same way."""
    yield from objects.lines
    yield from objects.folded
    for row in (*objects.pods.rows, *objects.pods.quiet):
        yield row
        yield from (*row.new, *row.old)


def place_of(piece: Piece) -> SafeString:
    """Where a piece goes; a page that has it already keeps it as it is."""
    name = _NAMES[type(piece)]
    return format_html('<{} id="{}" data-place></{}>', name, piece.id, name)


@lru_cache(maxsize=4096)
def html_of(piece: Piece, base: str, *, places: bool) -> SafeString:
    """`base` is the rollout's own address."""
    if isinstance(piece, PodGroup):
        return _group(piece, base)
    if isinstance(piece, PodRow):
        inner = {
            name: SafeString(
                "".join(place_of(group) if places else html_of(group, base, places=False) for group in groups)
            )
            for name, groups in (("new", piece.new), ("old", piece.old))
        }
        return SafeString(
            render_to_string(
                "dashboard/rollout/_pod_row.html", {"row": piece, "base": base, "inner": inner}
            ).strip()
        )
    return SafeString(
        render_to_string("dashboard/rollout/_object.html", {"line": piece, "base": base}).strip()
    )


def plan_html(picture: RolloutPicture, context: Mapping[str, Any]) -> str:
    """The largest fragment, and the one that stays the same from the first write to the last."""
    rollout, plan = picture.rollout, picture.plan
    made = (rollout.id, picture.slug, plan.digest, plan.made_at) if plan else (rollout.id, picture.slug)
    return _plans.get(made, lambda: render_to_string("dashboard/rollout/_plan.html", dict(context)).strip())


_plans: Kept[tuple[object, ...], str] = Kept(64)


def _group(group: PodGroup, base: str) -> SafeString:
    """Not by a template: 500 pods would take ten times as long."""
    pods = format_html_join("", "{}", ((_pod(pod, base),) for pod in group.pods))
    return format_html('<span id="{}" class="podgroup">{}</span>', group.id, pods)


def _pod(pod: Pod, base: str) -> SafeString:
    looks = f"pod {pod.state.look}{'' if pod.new else ' old'}{' restarted' if pod.restarts else ''}"
    # One stop of the keyboard a row; from there the arrows.
    stop = "" if pod.first else SafeString(' tabindex="-1"')
    return format_html(
        '<a id="{}" class="{}" href="{}{}" data-panel aria-label="{}"{}></a>',
        pod.id,
        looks,
        base,
        pod.place,
        pod.words,
        stop,
    )
