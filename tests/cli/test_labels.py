from __future__ import annotations

import json
from collections.abc import Callable

from tests.cli.conftest import Ran
from tests.people import People


def test_labels_on_the_command_line(
    people: People, login: Callable[..., None], slipway: Callable[..., Ran]
) -> None:
    login(people.ana)
    assert slipway("apps", "create", "boutique", "--label", "team=shop", "--label", "tier=1").code == 0
    assert slipway("apps", "create", "search").code == 0
    changed = slipway("apps", "label", "boutique", "team=front", "tier-", "-o", "json")
    assert json.loads(changed.out)["labels"] == {"team": "front"}
    listed = slipway("apps", "list", "--label", "team=front", "-o", "json")
    assert [row["slug"] for row in json.loads(listed.out)] == ["boutique"]
    wrong = slipway("apps", "label", "boutique", "team")
    assert (wrong.code, wrong.err.strip()) == (
        1,
        "slipway: “team” is no label; write key=value, as in team=shop.",
    )
    refused = slipway("apps", "label", "boutique", "team=the shop")
    assert "“the shop” cannot be the value of team" in refused.err
