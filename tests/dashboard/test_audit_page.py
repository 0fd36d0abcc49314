"""Who did what, read as sentences; who may not see it learns only that; and the chain is walked on a press."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from apps.core import scopes
from apps.dashboard.pictures.audit import Change, changes_between
from apps.dashboard.pictures.deeds import DEEDS, deed
from tests.dashboard.conftest import Costs
from tests.dashboard.reading import let_in as browser
from tests.e2e.story import Story

APPS = Path(__file__).resolve().parents[2] / "apps"


def read(client: Client, **asked: Any) -> str:
    answer = client.get("/o/acme/audit/", asked)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def sentences(content: str) -> list[str]:
    found = re.findall(r'<div class="audit-said"> <p>(.*?)</p>', content)
    return [" ".join(re.sub(r"<[^>]+>", "", said).split()) for said in found]


def numbers(content: str) -> list[int]:
    return [int(number) for number in re.findall(r'<li id="entry-(\d+)"', content)]


def write(story: Story, count: int, **more: Any) -> None:
    from apps.audit.services import Audit, By, record

    with scopes.organization(story.people.acme.id):
        for number in range(count):
            audit = Audit("token.create", "token", f"ci-{number}", **more)
            record(By("person", "Ana", story.people.ana.pk, channel="api"), audits=[audit])


def _actions_in_the_code() -> set[str]:
    found = set()
    for file in APPS.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Audit" and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    found.add(first.value)
    return found


def test_every_action_that_the_code_writes_down_has_a_sentence() -> None:
    from slipway.engine.phases import Phase

    written = _actions_in_the_code()
    assert len(written) > 20
    written |= {f"rollout.{phase}" for phase in Phase}  # f"rollout.{rollout.phase}"
    written |= {f"rollout.{word}" for word in ("approve", "reject", "abort", "pause", "resume", "stop-here")}
    assert written - set(DEEDS) == set()


def test_an_action_that_nobody_knows_is_named_as_it_is() -> None:
    assert "".join(deed("moon.land", "Eagle")) == "did “moon.land” to Eagle"


def test_entries_are_sentences_newest_first(story: Story) -> None:
    story.live("v1", "dev")
    said = sentences(read(browser(story.people.olu)))
    assert "Ana asked for boutique v1 → dev: “the cart shows its total”" in said
    assert "Dee made release boutique v1" in said
    assert "Slipway finished boutique v1 → dev: “4 of 4 workloads healthy.”" in said
    assert said.index("Ana asked for boutique v1 → dev: “the cart shows its total”") < said.index(
        "Dee made release boutique v1"
    )


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        (None, None, ()),
        ("viewer", "owner", (Change("", "viewer", "owner"),)),
        (None, {"role": "viewer"}, (Change("role", "", "viewer"),)),
        (
            {"bake_seconds": 0, "name": "x"},
            {"bake_seconds": 60, "name": "x"},
            (Change("bake seconds", "0", "60"),),
        ),
        ({"clusters": ["a", "b"]}, {"clusters": ["a"]}, (Change("clusters", "a, b", "a"),)),
        ({"production": False}, {"production": True}, (Change("production", "no", "yes"),)),
        (None, {"digest": "sha256:" + "ab" * 32}, (Change("digest", "", "abab…abab"),)),
    ],
)
def test_what_changed_is_said_field_by_field(before: Any, after: Any, changes: tuple[Change, ...]) -> None:
    assert changes_between(before, after) == changes


def test_filters_narrow_and_say_what_is_no_day(story: Story) -> None:
    story.live("v1", "dev")
    client, people = browser(story.people.olu), story.people
    assert set(sentences(read(client, action="release.create"))) == {"Dee made release boutique v1"}
    assert all(said.startswith("Ana ") for said in sentences(read(client, person=str(people.ana.pk))))
    assert sentences(read(client, person=str(people.gil.pk))) == []
    assert sentences(read(client, person="system"))
    assert all("boutique v1 → dev" in said for said in sentences(read(client, kind="rollout")))
    assert sentences(read(client, channel="admin")) == []
    assert sentences(read(client, **{"from": "2999-01-01"})) == []
    assert sentences(read(client, to="2020-01-01")) == []
    assert len(sentences(read(client, to="2999-01-01", **{"from": "2020-01-01"}))) > 5
    wrong = read(client, **{"from": "soon", "person": "x'", "object": "no id", "channel": "moon"})
    assert "“soon” is no day; from is written like 2026-11-24." in wrong
    assert len(sentences(wrong)) == len(sentences(read(client)))
    assert "Nothing like this was done." in read(client, channel="admin")


def test_pages_are_by_number_and_meet_without_a_gap(story: Story) -> None:
    write(story, 120)
    client = browser(story.people.olu)
    first = read(client)
    newest = numbers(first)
    assert len(newest) == 50
    second = numbers(read(client, before=newest[-1]))
    assert second == list(range(newest[-1] - 1, newest[-1] - 51, -1))
    write(story, 3)
    assert numbers(read(client, before=newest[-1])) == second
    assert numbers(read(client, after=second[0])) == newest
    for odd in ("x", "-1", "9" * 30):
        assert numbers(read(client, before=odd))[:1] == numbers(read(client))[:1]


def test_only_who_may_see_it_sees_the_page_and_its_place_in_the_rail(story: Story) -> None:
    for name in ("ana", "ada", "olu"):
        assert (
            'href="/o/acme/audit/"' in browser(getattr(story.people, name)).get("/o/acme/").content.decode()
        )
    for name in ("bo", "dee", "vic"):
        client = browser(getattr(story.people, name))
        answer = client.get("/o/acme/audit/")
        assert answer.status_code == 403
        assert b"does not let you see the audit." in answer.content
        assert 'href="/o/acme/audit/"' not in client.get("/o/acme/").content.decode()


def test_the_chain_is_walked_on_a_press_and_the_head_is_shown(story: Story) -> None:
    from apps.audit.models import OrganizationHead

    client = browser(story.people.olu)
    assert "Unbroken" not in read(client)
    with scopes.organization(story.people.acme.id):
        head = OrganizationHead.objects.get()
        whole = bytes(head.audit_hash).hex()
    said = read(client, verify="1")
    assert f"Unbroken: {head.audit_number} entries, each as it was written down and in its place." in said
    assert f'data-copy="{whole}"' in said
    part = client.get("/o/acme/audit/", {"part": "verification"}, headers={"HX-Request": "true"})
    assert part.content.decode().strip().startswith('<div id="verification"')


def test_a_broken_chain_names_its_first_bad_entry(story: Story) -> None:
    import psycopg
    from django.db import connection

    from tests.servers.run import current

    write(story, 5)
    with psycopg.connect(
        current().postgres().superuser_url(connection.settings_dict["NAME"]), autocommit=True
    ) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute("UPDATE audit_entry SET actor_label = 'nobody' WHERE number = 3")
    said = read(browser(story.people.olu), verify="1")
    assert "Broken: entry 3 was changed. 2 entries before it stand." in said


def test_the_page_asks_as_often_for_many_entries_as_for_one(story: Story, costs: Costs) -> None:
    client = browser(story.people.olu)
    costs(client, "audit", "/o/acme/audit/")
    write(story, 60)
    costs(client, "audit", "/o/acme/audit/")
    costs(client, "audit-verified", "/o/acme/audit/?verify=1")
