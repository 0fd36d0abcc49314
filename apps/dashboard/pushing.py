"""The fragments that live pushes: the same templates that make the page, hence what is pushed equals a reload."""

from __future__ import annotations

from collections.abc import Sequence

from django.template.loader import render_to_string
from django.urls import reverse

from apps.dashboard.painting import html_of, pieces_of, plan_html
from apps.dashboard.pictures.activity import recent_activity
from apps.dashboard.pictures.matrix import cells_by_rollouts
from apps.dashboard.pictures.replay import replay_of
from apps.dashboard.pictures.rollouts import picture_of
from apps.live.streams import Fragments, Row, Stream
from apps.organizations.models import Organization
from apps.rollouts.access import with_related
from apps.rollouts.models import Rollout

ROLLOUT_FRAGMENTS = ("head", "sentence", "rail", "objects", "pods", "plan", "decisions", "events", "facts")


def rollout_fragments(stream: Stream, rows: Sequence[Row]) -> Fragments:
    rollout: Rollout = with_related(Rollout.objects.all()).get(id=stream.id)
    picture = picture_of(rollout, _slug(stream))
    base = reverse("rollout", args=[picture.slug, rollout.number])
    context = {"picture": picture, "rollout": rollout, "places": True}
    html: dict[str, str] = {
        f"rollout-{name}": render_to_string(f"dashboard/rollout/_{name}.html", context).strip()
        for name in ROLLOUT_FRAGMENTS
        if name != "plan"
    }
    html["rollout-plan"] = plan_html(picture, context)
    html["rollout-replay"] = render_to_string(
        "dashboard/rollout/_replay.html", {**context, "replay": replay_of(rollout)}
    ).strip()
    html |= {piece.id: html_of(piece, base, places=True) for piece in pieces_of(picture.objects)}
    return Fragments(rollout.event_number, html)


def organization_fragments(stream: Stream, rows: Sequence[Row]) -> Fragments:
    """The feed, and the matrix's cells that the rollouts in `rows` concern."""
    slug = _slug(stream)
    activity = recent_activity()
    html = {
        "home-activity": render_to_string(
            "dashboard/home/_activity.html", {"activity": activity, "slug": slug}
        ).strip()
    }
    for cell in cells_by_rollouts({row.rollout_id for row in rows if row.rollout_id}):
        html[cell.id] = render_to_string("dashboard/home/_cell.html", {"cell": cell, "slug": slug}).strip()
    return Fragments(activity[0].number if activity else 0, html)


def _slug(stream: Stream) -> str:
    slug: str = Organization.objects.values_list("slug", flat=True).get(id=stream.organization_id)
    return slug
