"""One search over everything: the nearest first, of what one may see here, and nothing of anybody else."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from apps.dashboard.pictures.sought import Nearness, nearest, parse
from tests.dashboard.conftest import Costs
from tests.dashboard.reading import let_in as browser
from tests.e2e.story import Story
from tests.people import (
    actor,
    make_application,
    make_cluster,
    make_environment,
    make_release,
)
from tests.tenancy.world import MANIFESTS


def hits(client: Client, text: str, **more: Any) -> list[str]:
    """The ids of the palette's options, in order."""
    answer = client.get(
        "/o/acme/search/", {"q": text, "part": "options", **more}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 200
    return re.findall(r'id="(?:hit-|all-)([^"]+)"', answer.content.decode())


def found(client: Client, text: str, **more: Any) -> list[str]:
    answer = client.get("/o/acme/search/", {"q": text, **more})
    assert answer.status_code == 200
    return re.findall(r'id="hit-([^"]+)"', answer.content.decode())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("  Boutique  v0.10.6 → Production ", ("boutique", "v0.10.6", "production")),
        ("a, b", ("a", "b")),
        ("twice twice", ("twice",)),
        ("nul\0byte", ("nulbyte",)),
        ("→", ()),
        ("a b c d e f g h", ("a", "b", "c", "d", "e", "f")),
        ("x" * 500, ("x" * 200,)),
    ],
)
def test_whatever_is_typed_is_a_few_words(text: str, words: tuple[str, ...]) -> None:
    assert parse(text).words == words


@pytest.mark.parametrize(
    ("names", "text", "near"),
    [
        (("boutique",), "boutique", Nearness.EXACT),
        (("boutique",), "bou", Nearness.PREFIX),
        (("the-boutique",), "bou", Nearness.WORD),
        (("The boutique",), "bou the", Nearness.WORD),
        (("myboutique",), "bou", Nearness.INSIDE),
        (("shop", "the boutique"), "shop boutique", Nearness.INSIDE),
        (("boutique",), "botique", None),
        (("50%_off",), "%", Nearness.INSIDE),
        (("anything",), "", None),
    ],
)
def test_a_name_is_as_near_as_it_is_said(names: tuple[str, ...], text: str, near: Nearness | None) -> None:
    assert nearest(names, parse(text)) == near


def test_an_application_is_found_by_its_name_a_part_of_it_and_with_a_slip(story: Story) -> None:
    client = browser(story.people.vic)
    make_application(story.actor("ana"), slug="my-boutique", name="Mine")
    assert found(client, "boutique", kind="application") == [
        "application-boutique",
        "application-my-boutique",
    ]
    assert found(client, "outi", kind="application") == ["application-boutique", "application-my-boutique"]
    assert found(client, "botique")[0] == "application-boutique"
    assert found(client, "Mine") == ["application-my-boutique"]
    assert found(client, "zzz") == []


def test_what_a_search_means_by_itself_is_taken_as_it_is_typed(story: Story) -> None:
    client = browser(story.people.vic)
    make_application(story.actor("ana"), slug="x-1", name="50%_off\\now")
    for text in ("50%", "%_o", "\\now", "50%_off\\now"):
        assert found(client, text, kind="application") == ["application-x-1"], text
    assert found(client, "5_%", kind="application") == []
    assert found(client, "'; DROP TABLE release; --") == []


def release(story: Story, version: str, **facts: Any) -> Any:
    return make_release(story.actor("bo"), story.boutique, version, MANIFESTS, **facts)


def test_a_release_is_found_by_version_branch_commit_message_and_issue(story: Story) -> None:
    client = browser(story.people.vic)
    sha = "3f9ac41e" + "0" * 32
    wanted = release(
        story,
        "v7.1.0",
        branch="feature/cart",
        commits=[{"sha": sha, "message": "SHOP-731 Show the total\n\nAt last."}],
    )
    release(story, "v7.0.0")
    only = [f"release-{wanted.id}"]
    for text in ("v7.1.0", "v7.1", "feature/cart", "cart", "3f9a", sha, "SHOP-731", "shop-7", "the total"):
        assert [hit for hit in found(client, text, kind="release") if hit == only[0]] == only, text
    assert found(client, "3f9ac41d", kind="release") == []
    content = client.get("/o/acme/search/", {"q": "total"}).content.decode()
    assert "SHOP-731 Show the total" in content
    assert found(client, "boutique v7.1", kind="release") == only
    assert len(found(client, "boutique v7", kind="release")) == 2


def test_a_rollout_is_found_by_its_number_and_by_what_goes_where(story: Story) -> None:
    client = browser(story.people.vic)
    for version in ("v0.10.5", "v0.10.6"):
        for place in ("dev", "production"):
            story.live(version, place)
    other = make_application(story.actor("ana"), slug="search")
    assert found(client, "#3", kind="rollout") == ["rollout-3"]
    assert found(client, "4", kind="rollout")[0] == "rollout-4"
    assert found(client, "boutique v0.10.6 → production", kind="rollout") == ["rollout-4"]
    assert found(client, "production v0.10.5", kind="rollout") == ["rollout-2"]
    assert found(client, "boutique dev", kind="rollout") == ["rollout-3", "rollout-1"]
    assert found(client, "boutique", kind="rollout") == [f"rollout-{number}" for number in (4, 3, 2, 1)]
    assert found(client, f"{other.slug} production", kind="rollout") == []


def test_the_palette_offers_places_and_only_the_acts_that_this_person_may_do(story: Story) -> None:
    assert hits(browser(story.people.vic), "theme dark") == ["theme-dark"]
    empty = hits(browser(story.people.vic), "")
    assert "place-home" in empty
    assert "theme-dark" in empty
    assert "place-audit" not in empty
    assert "place-audit" in hits(browser(story.people.olu), "audit")


def test_a_found_release_can_be_promoted_by_who_may_start_something(story: Story) -> None:
    made = release(story, "v7.1.0")
    assert f"promote-release-{made.id}" in hits(browser(story.people.dee), "v7.1.0")
    content = browser(story.people.bo).get(
        "/o/acme/search/", {"q": "boutique v7", "part": "options"}, headers={"HX-Request": "true"}
    )
    assert 'href="/o/acme/applications/boutique/start/?release=v7.1.0"' in content.content.decode()
    for name in ("vic", "olu", "ada"):
        assert f"promote-release-{made.id}" not in hits(browser(getattr(story.people, name)), "v7.1.0")


def test_of_many_the_palette_shows_five_and_where_the_others_are(story: Story) -> None:
    client = browser(story.people.vic)
    for number in range(25):
        make_application(story.actor("ana"), slug=f"lamp-{number:02}")
    shown = hits(client, "lamp")
    assert shown == [f"application-lamp-{number:02}" for number in range(5)] + ["application"]
    first = found(client, "lamp", kind="application")
    second = found(client, "lamp", kind="application", page="2")
    assert (len(first), len(second)) == (20, 5)
    assert len({*first, *second}) == 25
    content = client.get(
        "/o/acme/search/", {"q": "lamp", "kind": "application", "page": "2"}
    ).content.decode()
    assert "<span>21–25</span>" in content
    for odd in ("0", "-3", "x", "99999999999", ""):
        assert (
            client.get("/o/acme/search/", {"q": "lamp", "kind": "application", "page": odd}).status_code
            == 200
        )


def test_an_empty_search_says_what_can_be_looked_for_and_one_without_hits_what_to_try(story: Story) -> None:
    client = browser(story.people.vic)
    assert "Type what you look for" in client.get("/o/acme/search/").content.decode()
    none = client.get("/o/acme/search/", {"q": "<b>zzz</b>"}).content.decode()
    assert "Nothing here is called “&lt;b&gt;zzz&lt;/b&gt;”." in none
    assert "<b>zzz" not in none


def test_nothing_of_another_organization_is_found_by_any_word(story: Story) -> None:
    """The functions in the database see every row; what they answer is this organization's alone."""
    gil = actor(story.people.gil, story.people.globex)
    make_environment(gil, "hidden-place", [make_cluster(gil, slug="hidden-harbour")])
    theirs = make_application(gil, slug="secret-project", name="Secret project")
    sha = "beefbeef" + "0" * 32
    make_release(
        gil,
        theirs,
        "v666",
        MANIFESTS,
        branch="hush-hush",
        commits=[{"sha": sha, "message": "HUSH-1 Whisper it"}],
    )
    mine, stranger = browser(story.people.ana), browser(story.people.gil)
    words = [
        "secret-project",
        "Secret",
        "v666",
        "hush-hush",
        "beefbeef",
        "HUSH-1",
        "Whisper",
        "hidden",
        "gil",
        "globex",
    ]
    assert {word: found(mine, word) for word in words} == {word: [] for word in words}
    assert {word: hits(mine, word) for word in words} == {word: [] for word in words}
    own = stranger.get("/o/globex/search/", {"q": "whisper"}).content.decode()
    assert "HUSH-1 Whisper it" in own
    assert stranger.get("/o/acme/search/", {"q": "boutique"}).status_code == 404


def test_a_search_asks_as_often_with_many_hits_as_with_one(story: Story, costs: Costs) -> None:
    client, options = browser(story.people.ana), {"HX-Request": "true"}
    story.live("v1", "dev")

    def ask() -> None:
        costs(client, "palette", "/o/acme/search/?part=options&q=", **options)
        costs(client, "palette-typed", "/o/acme/search/?part=options&q=boutique", **options)
        costs(client, "search", "/o/acme/search/?q=boutique")
        costs(client, "search-of-a-kind", "/o/acme/search/?q=boutique+v1+dev&kind=rollout")

    ask()
    for version in ("v1.1", "v1.2", "v1.3"):
        story.live(version, "dev")
    ask()


def test_the_search_functions_are_answered_by_their_indexes(story: Story) -> None:
    """Their statements, explained as their owner runs them, beside a large tenant. As the application itself no index
    could answer them: LIKE is not leakproof."""
    import psycopg
    from django.db import connection

    from tests.servers.run import current

    release(story, "v1")
    organization = str(story.people.acme.id)
    url = current().postgres().superuser_url(connection.settings_dict["NAME"])
    with psycopg.connect(url, autocommit=True) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute(_MANY_RELEASES, [organization])
        superuser.execute("ANALYZE release")
        superuser.execute("LOAD 'auto_explain'")
        for setting in ("log_min_duration = 0", "log_nested_statements = on", "log_analyze = on"):
            superuser.execute(f"SET auto_explain.{setting}")
        superuser.execute("SET client_min_messages = log")
        superuser.execute("SELECT set_config('slipway.organization', %s, false)", [organization])
        said: list[str] = []
        superuser.add_notice_handler(lambda notice: said.append(notice.message_primary or ""))
        for words in (["v77.7"], ["seven", "4711"], ["branch-4711"], ["qqqq"]):
            superuser.execute("SELECT * FROM slipway_search_releases(%s, 6)", [words])
        plans = "\n".join(said)
    assert "release_search_version" in plans
    assert "Bitmap Index Scan on release_search " in plans
    assert "Seq Scan on release r" not in plans
    dropped = [
        int(number) for number in re.findall(r"Rows Removed by (?:Filter|Index Recheck): (\d+)", plans)
    ]
    assert max(dropped, default=0) < 500, plans


_MANY_RELEASES = """
    INSERT INTO release SELECT made.* FROM generate_series(1, 20000) n,
      LATERAL (SELECT * FROM release WHERE organization_id = %s AND number = 1 LIMIT 1) base,
      jsonb_populate_record(base::release, jsonb_build_object(
        'id', overlay(gen_random_uuid()::text placing to_char(n, 'FM00000000') from 1 for 8), 'number', 1000 + n,
        'version', 'v' || n / 100 || '.' || n %% 10 || '.' || n, 'branch', 'branch-' || n,
        'notes', CASE WHEN n %% 7 = 0 THEN 'seven' ELSE 'other' END || ' ' || n, 'line_position', 1000 + n)) made
"""


def test_the_functions_refuse_without_an_organization_in_scope(story: Story) -> None:
    from django.db import DatabaseError, connection, transaction

    for call in (
        "slipway_search_applications(ARRAY['a'], 5)",
        "slipway_search_releases(ARRAY['abc'], 5)",
        "slipway_search_releases_of(gen_random_uuid(), ARRAY['abc'], 5)",
    ):
        with (
            pytest.raises(DatabaseError, match=r"slipway\.organization|invalid input syntax for type uuid"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"SELECT * FROM {call}")  # noqa: S608  the three above
