"""Hits over everything that one person may see here, grouped by what they are. Each finder answers best first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.applications.search import applications_named
from apps.dashboard.marks import Mark
from apps.dashboard.pictures.sought import Nearness, Sought
from apps.environments.access import environments_of
from apps.environments.models import Environment
from apps.organizations.access import Actor
from apps.releases.search import releases_of_application, releases_saying

IN_PALETTE = 5  # of each kind
PER_PAGE = 20
LAST_PAGE = 10  # whoever is not there by then types another word
MOST_PLACES = 500
_NAMED = 3  # applications that a search of several words is tried with


@dataclass(frozen=True, slots=True)
class Hit:
    id: str  # of the element; says the kind, too
    kind: str
    icon: str
    name: str
    href: str
    near: Nearness
    version: str = ""  # set apart in the monospaced face
    where: str = ""
    detail: str = ""
    mark: Mark | None = None
    at: datetime | None = None
    act: str = ""  # what the page's script does instead of following the link
    application: str = ""  # of a release, for what can be done with it


@dataclass(frozen=True, slots=True)
class Group:
    kind: str
    title: str
    hits: tuple[Hit, ...]
    more: bool  # than are shown


@dataclass(frozen=True, slots=True)
class Search:
    """One search by one person. What several finders need is asked once."""

    actor: Actor
    sought: Sought
    most: int
    named: tuple[tuple[UUID, int], ...]  # (application id, bits), best first
    saying: tuple[UUID, ...]  # releases that say all of it themselves
    places: tuple[Environment, ...]


def begin(actor: Actor, sought: Sought, most: int) -> Search:
    return Search(
        actor,
        sought,
        most,
        named=tuple(applications_named(actor, sought.words, most)),
        saying=tuple(releases_saying(actor, sought.words, most)),
        places=tuple(environments_of(actor)[:MOST_PLACES]),
    )


Finder = Callable[[Search], Sequence[Hit]]


def groups_of(
    search: Search, finders: Sequence[tuple[str, str, Finder]], *, skip: int = 0
) -> tuple[Group, ...]:
    """The group with the nearest hit first; among equals as the finders stand. One hit more than is shown is asked
    for, to know whether there are more."""
    found, shown = [], search.most - 1 - skip
    for kind, title, finder in finders:
        hits = list(finder(search))[skip:]
        if hits:
            found.append(Group(kind, title, tuple(hits[:shown]), len(hits) > shown))
    return tuple(sorted(found, key=lambda group: min(hit.near for hit in group.hits)))


def release_ids(search: Search) -> list[UUID]:
    """By what they say themselves, then by the application's name and the rest of the words."""
    found = list(search.saying)
    for application_id, matched in named_by_some(search):
        rest = search.sought.left_over(matched)
        found += releases_of_application(search.actor, application_id, rest, search.most)
    return list(dict.fromkeys(found))[: search.most]


def named_by_some(search: Search) -> tuple[tuple[UUID, int], ...]:
    """Without those whose name only sounds alike."""
    return tuple(pair for pair in search.named[:_NAMED] if pair[1])
