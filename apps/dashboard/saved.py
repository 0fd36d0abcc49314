"""Views that people keep: named, their own or shared, found again by a link."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.text import slugify

from apps.audit.services import Audit, record
from apps.core.problems import Forbidden, Invalid, NotFound
from apps.dashboard.models import SavedView
from apps.dashboard.pictures.look import Look, read_look
from apps.organizations.access import Actor, Right, authorize, decide

MOST = 100  # a person


def views_of(actor: Actor) -> QuerySet[SavedView]:
    """One's own, and what others share."""
    authorize(actor, Right.SEE)
    rows: QuerySet[SavedView] = SavedView.objects.filter(Q(person_id=actor.user_id) | Q(shared=True))
    return rows.order_by("name", "id")


def access_view(actor: Actor, slug: str) -> SavedView:
    view = views_of(actor).filter(slug=slug).first()
    if view is None:
        raise NotFound("There is no such view, or it is not shared with you.")
    return view


def look_of(view: SavedView) -> Look:
    return read_look(QueryDict(view.query))


def save_view(actor: Actor, *, name: str, look: Look, shared: bool) -> SavedView:
    """Under a name that one already has, it takes the place of that view, and its links lead to the new look."""
    authorize(actor, Right.SEE)
    name = " ".join(name.split())
    if not name or len(name) > 60:
        sentence = "A view has a name of at most 60 letters."
        raise Invalid(sentence, fields={"name": sentence})
    with transaction.atomic():
        mine = SavedView.objects.filter(person_id=actor.user_id)
        view: SavedView | None = mine.filter(name=name).first()
        if view is None:
            if mine.count() >= MOST:
                raise Invalid(f"You have {MOST} views; delete one before you keep another.")
            view = SavedView(
                organization_id=actor.organization_id,
                slug=_free_slug(name),
                name=name,
                person_id=actor.user_id,
                person_label=actor.label,
            )
        was_shared = view.shared
        view.query, view.shared = look.query(), shared
        view.save()
        if shared or was_shared:  # what others see is written down; one's own is nobody's business
            record(actor.by, audits=[Audit("view.save", "view", name, view.id, after={"query": view.query})])
    return view


def delete_view(actor: Actor, slug: str) -> None:
    """Its maker may, and whoever configures the organization where it is shared."""
    with transaction.atomic():
        view = access_view(actor, slug)
        if view.person_id != actor.user_id and not decide(actor, Right.CONFIGURE).allowed:
            raise Forbidden(f"This view is {view.person_label}'s; they, an admin or an owner can delete it.")
        label, identifier, shared, query = view.name, view.id, view.shared, view.query
        view.delete()
        if shared:
            record(
                actor.by, audits=[Audit("view.delete", "view", label, identifier, before={"query": query})]
            )


def _free_slug(name: str) -> str:
    base = slugify(name)[:50].strip("-") or "view"
    taken = set(SavedView.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    tries = (f"{base}-{number}" for number in range(2, len(taken) + 3))
    return base if base not in taken else next(slug for slug in tries if slug not in taken)
