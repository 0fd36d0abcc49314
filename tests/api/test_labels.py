"""Labels on applications: what Kubernetes takes as labels, said in words when it would not."""

from __future__ import annotations

import json

from apps.core import scopes
from tests.api.speaking import Api
from tests.people import People


def test_labels_are_set_changed_as_a_whole_and_asked_for(shop: Api) -> None:
    made = shop.post("applications/", {"slug": "cart", "labels": {"team": "shop", "acme.example/tier": "1"}})
    assert (made.status, made.body["labels"]) == (201, {"acme.example/tier": "1", "team": "shop"})
    assert shop.get("applications/shop/").body["labels"] == {}
    changed = shop.patch("applications/cart/", {"labels": {"team": "pay"}})
    assert (changed.body["labels"], changed.body["revision"]) == ({"team": "pay"}, 2)
    slugs = {
        asked: [row["slug"] for row in shop.get("applications/", label=asked).body["items"]]
        for asked in ("team=pay", "team", "team=shop", "tier")
    }
    assert slugs == {"team=pay": ["cart"], "team": ["cart"], "team=shop": [], "tier": []}


def test_a_label_that_is_none_is_refused_in_words_and_nothing_is_made(shop: Api) -> None:
    refused = shop.post("applications/", {"slug": "cart", "labels": {"team": "the shop"}})
    rule = "letters, digits, “-”, “_” and “.”, at most 63, beginning and ending with a letter or digit"
    assert refused.status == 422
    assert refused.sentence == f"“the shop” cannot be the value of team: it is {rule}, or nothing."
    assert set(refused.body["fields"]) == {"labels.team"}
    sentences = [
        shop.patch("applications/shop/", {"labels": {key: "x"}}).sentence
        for key in ("-team", "Acme/team", "acme.example/")
    ]
    assert sentences == [
        f"“-team” cannot be a label's key: it is {rule}.",
        "“Acme” before the slash of “Acme/team” is no domain in lower case, like acme.example.",
        f"“acme.example/” cannot be a label's key: it is {rule}.",
    ]
    assert [row["slug"] for row in shop.get("applications/").body["items"]] == ["shop"]
    many = shop.patch("applications/shop/", {"labels": {f"k{n}": "" for n in range(51)}})
    assert many.sentence == "An application has at most 50 labels, not 51."


def test_a_change_of_labels_is_in_the_audit_with_what_was_before(shop: Api, people: People) -> None:
    from apps.audit.models import AuditEntry

    shop.patch("applications/shop/", {"labels": {"team": "shop"}})
    shop.patch("applications/shop/", {"labels": {}})
    with scopes.organization(people.acme.id):
        rows = AuditEntry.objects.filter(action="application.change").order_by("number")
        said = [json.loads(bytes(row.canonical)) for row in rows]
    assert [(row["before"], row["after"]) for row in said] == [
        ({"labels": {}}, {"labels": {"team": "shop"}}),
        ({"labels": {"team": "shop"}}, {"labels": {}}),
    ]
