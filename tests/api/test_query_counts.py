"""What each reading costs the database, and that it does not cost more when there is more."""

from __future__ import annotations

from tests.api.conftest import MANIFESTS
from tests.api.counting import check_counts, queries_of
from tests.api.speaking import Api
from tests.people import People
from tests.tenancy.addresses import API

START = {"application": "shop", "environment": "production", "release": "1.0"}


def _paths(shop: Api) -> dict[str, str]:
    rollout = shop.get("rollouts/", environment="production").body["items"][-1]
    return {
        "api-organizations": "/api/v1/organizations/",
        "api-organization": "",
        "api-members": "members/",
        "api-service-accounts": "members/service-accounts/",
        "api-ownership": "members/ownership/",
        "api-teams": "teams/",
        "api-team": "teams/team-0/",
        "api-invitations": "invitations/",
        "api-tokens": "tokens/",
        "api-activity": "activity/",
        "api-audit": "audit/",
        "api-audit-verify": "audit/verify/",
        "api-audit-keys": "audit/keys/",
        "api-delegations": "delegations/",
        "api-overrides": "overrides/",
        "api-clusters": "clusters/",
        "api-cluster": "clusters/main/",
        "api-applications": "applications/",
        "api-application": "applications/shop/",
        "api-environments": "environments/",
        "api-environment": "environments/production/",
        "api-grants": "environments/production/grants/",
        "api-all-grants": "grants/",
        "api-access-explain": "access/explain/?person=vic@acme.example&action=start&object=shop/production",
        "api-releases": "applications/shop/releases/",
        "api-release": "applications/shop/releases/1.0/",
        "api-rollouts": "rollouts/",
        "api-rollouts of one application": "rollouts/?application=shop",
        "api-rollout": f"rollouts/{rollout['number']}/",
        "api-rollout-plan": f"rollouts/{rollout['number']}/plan/",
        "api-rollout-explain": f"rollouts/{rollout['number']}/explain/",
        "api-rollout-events": f"rollouts/{rollout['number']}/events/",
        "api-approvals": f"rollouts/{rollout['number']}/approvals/",
        "api-targets": "targets/",
        "api-targets at an instant": "targets/?at=2026-11-20T12:00:00Z",
        "api-target": f"targets/{rollout['target']}/",
    }


def _count(shop: Api) -> dict[str, list[str]]:
    paths = _paths(shop)
    shop.get("")  # the token's use was just noted, so that it is not noted while we count
    counted = {}
    for name, path in paths.items():
        url = path if path.startswith("/") else f"/api/v1/organizations/{shop.slug}/{path}"
        bare, _, rest = url.partition("?")
        query = dict(pair.split("=") for pair in rest.split("&") if pair)
        counted[name] = queries_of(lambda bare=bare, query=query: shop.get(bare, **query))
    return counted


def _grow(shop: Api, number: int) -> None:
    """One row more in every list."""
    slug = f"more-{number}"
    shop.post("applications/", {"slug": slug})
    shop.post(f"applications/{slug}/releases/", {"version": "1.0", "manifests": MANIFESTS})
    shop.post("environments/", {"slug": slug, "clusters": ["main"]})
    shop.post("rollouts/", {"application": slug, "environment": "dev", "release": "1.0"})
    shop.post("rollouts/", {"application": "shop", "environment": slug, "release": "1.1"})
    shop.post("invitations/", {"email": f"{slug}@b.example", "role": "viewer"})
    shop.post("tokens/", {"name": slug, "scopes": ["read"]})
    member = shop.get("members/").body["items"][number + 1]["id"]
    shop.post("teams/", {"slug": f"team-{number}"})
    shop.post("teams/team-0/members/", {"member": member})
    shop.post("grants/", {"team": f"team-{number}", "right": "deploy", "application": "shop"})
    shop.post("members/service-accounts/", {"name": slug, "role": "viewer"})
    assert shop.post("environments/production/grants/", {"member": member, "right": "deploy"}).status == 201


def test_every_reading_costs_what_is_written_down(shop: Api, people: People) -> None:
    shop.post("rollouts/", START)
    _grow(shop, 0)
    counted = _count(shop)
    reads = {address.name for address in API if address.method == "GET"} - {"api-schema", "api-docs"}
    reads -= {"api-audit-export"}  # a stream that reads by the piece
    assert {name.partition(" ")[0] for name in counted} == reads
    check_counts(counted)


def test_more_rows_cost_no_more_queries(shop: Api, people: People) -> None:
    shop.post("rollouts/", START)
    _grow(shop, 0)
    before = {name: len(queries) for name, queries in _count(shop).items()}
    for number in range(1, 4):
        _grow(shop, number)
    after = {name: len(queries) for name, queries in _count(shop).items()}
    assert after == before
