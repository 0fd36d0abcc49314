from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from apps.core import scopes
from tests.api.speaking import Api
from tests.people import People


def _walk(api: Api, path: str, **query: Any) -> list[list[Any]]:
    """Page by page, to the end."""
    pages, cursor = [], None
    while True:
        found = api.get(path, **query, **({"cursor": cursor} if cursor else {})).body
        pages.append(found["items"])
        cursor = found["next"]
        if cursor is None:
            return pages


def _start_and_end(shop: Api, people: People, times: int) -> None:
    from django.utils import timezone as now

    from apps.rollouts.models import Rollout

    for _ in range(times):
        shop.post("rollouts/", {"application": "shop", "environment": "dev", "release": "1.0"})
        with scopes.organization(people.acme.id):
            Rollout.objects.filter(ended_at__isnull=True).update(phase="aborted", ended_at=now.now())


def test_pages_hold_everything_once_and_in_order_while_new_rows_come(shop: Api, people: People) -> None:
    _start_and_end(shop, people, 7)
    first = shop.get("rollouts/", limit=3).body
    _start_and_end(shop, people, 1)  # #8 shifts nothing
    second = shop.get("rollouts/", limit=3, cursor=first["next"]).body
    third = shop.get("rollouts/", limit=3, cursor=second["next"]).body
    numbers = [row["number"] for page in (first, second, third) for row in page["items"]]
    assert numbers == [7, 6, 5, 4, 3, 2, 1]
    assert third["next"] is None


def test_every_list_can_be_walked_one_row_at_a_time(shop: Api, people: People) -> None:
    _start_and_end(shop, people, 2)
    shop.post("invitations/", {"email": "a@b.example", "role": "viewer"})
    shop.post("invitations/", {"email": "c@d.example", "role": "viewer"})
    shop.post("applications/", {"slug": "another"})
    for path, key, expected in (
        ("applications/", "slug", ["another", "shop"]),
        ("environments/", "slug", ["dev", "production"]),
        ("applications/shop/releases/", "version", ["1.1", "1.0"]),
        ("rollouts/", "number", [2, 1]),
        ("rollouts/?application=shop", "number", [2, 1]),
        ("invitations/", "email", ["c@d.example", "a@b.example"]),
    ):
        bare, _, rest = path.partition("?")
        query = dict(pair.split("=") for pair in rest.split("&") if pair)
        pages = _walk(shop, bare, limit=1, **query)
        assert [row[key] for page in pages for row in page] == expected, path
    audit = [row["number"] for page in _walk(shop, "audit/", limit=5) for row in page]
    assert audit == list(range(len(audit), 0, -1))
    members = [row["email"] for page in _walk(shop, "members/", limit=4) for row in page]
    assert len(members) == len(set(members)) == 6


def test_rollouts_are_narrowed_by_what_they_are(shop: Api, people: People) -> None:
    _start_and_end(shop, people, 1)
    shop.post("rollouts/", {"application": "shop", "environment": "production", "release": "1.1"})
    for query, expected in (
        ({}, [2, 1]),
        ({"environment": "dev"}, [1]),
        ({"phase": "pending"}, [2]),
        ({"phase": "pending,aborted"}, [2, 1]),
        ({"release": "1.1"}, [2]),
        ({"kind": "rollback"}, []),
        ({"application": "shop", "environment": "production"}, [2]),
    ):
        assert [row["number"] for row in shop.get("rollouts/", **query).body["items"]] == expected, query
    assert shop.get("rollouts/", environment="none").status == 404


def test_what_was_live_at_an_instant(shop: Api, people: People) -> None:
    """Half-open: at the instant of a change the new one stands there."""
    from apps.core.ids import uuid7
    from apps.environments.models import Target
    from apps.releases.models import Release
    from apps.rollouts.models import TargetRelease

    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    hour = timedelta(hours=1)
    with scopes.organization(people.acme.id):
        target = Target.objects.get(environment__slug="dev")
        releases = {release.version: release for release in Release.objects.all()}
        stretches = [
            ("1.0", noon, noon + hour),
            (None, noon + hour, noon + 2 * hour),
            ("1.1", noon + 2 * hour, None),
        ]
        for version, since, until in stretches:
            release = releases.get(version or "")
            TargetRelease.objects.create(
                id=uuid7(),
                organization_id=people.acme.id,
                target=target,
                valid_from=since,
                valid_to=until,
                application_id=target.application_id,
                environment_id=target.environment_id,
                cluster_id=target.cluster_id,
                release=release,
                number=release.number if release else None,
                version=version,
                by_label="Ana",
                source="rollout",
            )
    second = timedelta(seconds=1)
    for at, expected in (
        (noon - second, None),
        (noon, "1.0"),
        (noon + hour - second, "1.0"),
        (noon + hour, None),  # removed: nothing stood there
        (noon + 2 * hour, "1.1"),
        (noon + 99 * hour, "1.1"),
    ):
        found = shop.get("targets/", environment="dev", at=at.isoformat()).body["items"]
        live = found[0]["live"]
        assert (live and live["version"]) == expected, at
    history = shop.get(f"targets/{target.id}/").body["history"]
    assert [(row["version"], row["until"] is None) for row in history] == [
        ("1.1", True),
        (None, False),
        ("1.0", False),
    ]


def test_an_override_is_kept_shown_and_audited(shop: Api) -> None:
    target = shop.get("targets/", environment="dev").body["items"][0]["id"]
    overrides = {"example.org/web": "example.org/web@sha256:" + "a" * 64}
    answer = shop.patch(f"targets/{target}/", {"image_overrides": overrides})
    assert (answer.status, answer.body["image_overrides"]) == (200, overrides)
    newest = shop.get("audit/", limit=1).body["items"][0]
    assert (newest["action"], newest["object"]["label"]) == ("target.override-images", "shop in dev")
    shop.patch(f"targets/{target}/", {"image_overrides": overrides})
    assert shop.get("audit/", limit=1).body["items"][0]["number"] == newest["number"]


def test_the_feed_is_narrowed_by_time_and_rollout(shop: Api) -> None:
    started = shop.post("rollouts/", {"application": "shop", "environment": "dev", "release": "1.0"}).body
    rows = shop.get("activity/", rollout=started["id"]).body["items"]
    assert [(row["kind"], row["phase"]) for row in rows] == [("rollout.phase", "pending")]
    at = datetime.fromisoformat(rows[0]["at"])
    assert shop.get("activity/", since=(at + timedelta(seconds=1)).isoformat()).body["items"] == []
    assert shop.get("activity/", until=at.isoformat(), rollout=started["id"]).body["items"] == []


def test_events_are_answered_after_the_number_one_has(shop: Api) -> None:
    number = shop.post("rollouts/", {"application": "shop", "environment": "dev", "release": "1.0"}).body[
        "number"
    ]
    shop.post(f"rollouts/{number}/abort/", {"why": "changed my mind"})
    whole = shop.get(f"rollouts/{number}/events/").body
    assert [event["number"] for event in whole["items"]] == [1, 2]
    assert (whole["head"], whole["next"]) == (2, None)
    rest = shop.get(f"rollouts/{number}/events/", after=1).body["items"]
    assert [(event["number"], event["kind"]) for event in rest] == [(2, "abort")]
    assert rest[0]["body"]["why"] == "changed my mind"


def test_an_answer_is_kept_by_nobody_in_between(shop: Api) -> None:
    assert shop.get("applications/").headers["Cache-Control"] == "private, no-store"
