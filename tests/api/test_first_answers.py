"""Every list and every detail answers what the document says, from an organization with something in it."""

from __future__ import annotations

from collections.abc import Callable

from tests.api.speaking import Api
from tests.people import People

START = {"application": "shop", "environment": "production", "release": "1.0"}


def test_everything_can_be_read_by_a_viewer(shop: Api, api: Callable[..., Api], people: People) -> None:
    started = shop.post("rollouts/", START)
    assert started.status == 201
    number, target = started.body["number"], started.body["target"]
    viewer = api(people.vic)

    for path in (
        "",
        "applications/",
        "applications/shop/",
        "applications/shop/releases/",
        "applications/shop/releases/1.0/",
        "clusters/",
        "clusters/main/",
        "environments/",
        "environments/production/",
        "environments/production/grants/",
        "members/",
        "tokens/",
        "activity/",
        "rollouts/",
        f"rollouts/{number}/",
        f"rollouts/{started.body['id']}/",
        f"rollouts/{number}/explain/",
        f"rollouts/{number}/events/",
        f"rollouts/{number}/approvals/",
        "targets/",
        f"targets/{target}/",
    ):
        answer = viewer.get(path)
        assert answer.status == 200, (path, answer.text)

    assert viewer.get(f"rollouts/{number}/plan/").sentence == "It is not planned yet."
    assert viewer.get("audit/").status == 403
    newest = api(people.olu).get("audit/").body["items"]
    assert [entry["action"] for entry in newest[:2]] == [
        "token.create",
        "access.refused",
    ]  # the first is olu's own
    assert api(people.olu).get("audit/verify/").body["sound"] is True
    assert api(people.ada).get("invitations/").body == {"items": [], "next": None}
    assert viewer.get("/api/v1/organizations/").body["items"] == [
        {"slug": "acme", "name": "Acme", "simulated": False}
    ]


def test_a_release_is_found_by_version_and_by_number(shop: Api) -> None:
    by_number = shop.get("applications/shop/releases/%232/")
    assert by_number.body["version"] == "1.1"
    assert by_number.body["artifacts"] == [
        {
            "repository": "example.org/web",
            "tag": "1.1",
            "digest": None,
            "pinned": False,
            "role": "Deployment web/web",
        }
    ]
    assert [row["objects"] for row in by_number.body["rendered"]] == [1, 1]
