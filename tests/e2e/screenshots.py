"""Pictures of every page, wide and on a phone, light and dark: `python -m tests.e2e.screenshots FOLDER [--readme]`.

Not collected as a test; it runs pytest on itself, so that the same servers and the same story stand behind it.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:  # pytest must be the first to import what it rewrites
    from tests.e2e.story import Story

FOLDER = "SLIPWAY_SCREENSHOTS"
SIZES = {"wide": (1440, 900), "phone": (390, 844)}


def test_take_pictures(visit: Callable[..., Any], story: Story) -> None:
    folder = Path(os.environ[FOLDER])
    folder.mkdir(parents=True, exist_ok=True)
    pages = tell(story)
    for size, (width, height) in SIZES.items():
        for theme in ("light", "dark"):
            stranger = visit(None, width=width, height=height, theme=theme)
            for name, path in {
                "sign-in": "/accounts/login/",
                "lost": "/nowhere/",
                "join": "/join/nothing/",
            }.items():
                stranger.open(path)
                stranger.page.wait_for_timeout(200)
                stranger.page.screenshot(path=folder / f"{name}-{size}-{theme}.png")
            stranger.complaints.clear()  # a page that is not there is an error on the console, rightly
            visitor = visit(story.people.bo, width=width, height=height, theme=theme)
            for name, path in pages.items():
                page = visitor.open(path)
                page.wait_for_timeout(500)
                page.screenshot(path=folder / f"{name}-{size}-{theme}.png", full_page=True)
                if name == "rollout-waiting":
                    page.get_by_role("button", name="Approve").click()
                    page.wait_for_selector("dialog[open]")
                    page.screenshot(path=folder / f"approve-{size}-{theme}.png")
            owner = visit(story.people.ana, width=width, height=height, theme=theme)
            for name, path in settings_of(story).items():
                page = owner.open(path)
                page.wait_for_timeout(500)
                page.screenshot(path=folder / f"{name}-{size}-{theme}.png", full_page=True)

    gallery(folder)


def gallery(folder: Path) -> None:
    """Every picture on one page: a row for each page, both sizes in both themes beside each other."""
    kinds = [f"{size}-{theme}" for size in SIZES for theme in ("light", "dark")]
    names = sorted({path.name.removesuffix(f"-{kinds[0]}.png") for path in folder.glob(f"*-{kinds[0]}.png")})
    rows = "".join(
        f'<section id="{name}"><h2>{name}</h2>'
        + "".join(
            f'<a href="{name}-{kind}.png"><img loading="lazy" src="{name}-{kind}.png" alt="{name}, {kind}"></a>'
            for kind in kinds
        )
        + "</section>"
        for name in names
    )
    places = " · ".join(f'<a href="#{name}">{name}</a>' for name in names)
    (folder / "index.html").write_text(_GALLERY.format(places=places, rows=rows))


_GALLERY = """<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Slipway: every page</title>
<style>
body {{ font: 14px system-ui, sans-serif; margin: 24px; background: #777; color: #fff; }} a {{ color: inherit; }}
section {{ display: grid; grid-template-columns: 4fr 4fr 1fr 1fr; gap: 8px; align-items: start; margin: 0 0 40px; }}
h2 {{ grid-column: 1 / -1; margin: 8px 0; }} img {{ width: 100%; }}
</style><h1>Every page</h1><p>{places}</p>{rows}</html>
"""


def tell(story: Story) -> dict[str, str]:
    """Name → path."""
    from tests.people import make_application

    other = make_application(story.actor("ana"), slug="search", name="search")
    for place in ("dev", "staging", "production"):
        story.live("v0.10.5", place)
    story.live("v0.10.6", "dev")
    moving = story.start("v0.10.6", "staging")
    moving.plan()
    moving.begin()
    moving.observe(ready=0.5, crashing="adservice")
    waiting = story.start("v0.10.6", "production")
    waiting.plan()
    shop, story.boutique = story.boutique, other
    kept, story.releases = story.releases, {}
    broken = story.start("v2.3.1", "dev")
    broken.plan()
    broken.begin()
    broken.observe(ready=0.5, crashing="adservice")
    broken.fail("Deployment adservice: its pods crash: exit 137, out of memory.")
    story.boutique, story.releases = shop, kept
    return {
        "home": "/o/acme/",
        "home-list": "/o/acme/?layout=list&only=moving",
        "activity": "/o/acme/activity/",
        "rollout-moving": moving.path,
        "rollout-table": f"{moving.path}?view=table",
        "rollout-graph": f"{moving.path}?view=graph",
        "rollout-object": f"{moving.path}objects/Deployment.apps/boutique-staging/adservice/",
        "rollout-pod": f"{moving.path}pods/adservice-new-0/",
        "rollout-waiting": waiting.path,
        "rollout-failed": broken.path,
        "replay": f"{broken.path}at/6/",
        "rollout-events": f"{broken.path}events/",
        "pod-log": f"{moving.path}pods/frontend-new-0/log/",
        "rollouts": "/o/acme/rollouts/",
        "applications": "/o/acme/applications/",
        "application": "/o/acme/applications/boutique/",
        "release": "/o/acme/applications/boutique/releases/v0.10.6/",
        "application-history": "/o/acme/applications/boutique/history/",
        "application-releases": "/o/acme/applications/boutique/releases/",
        "application-configuration": "/o/acme/applications/boutique/configuration/",
        "compare": "/o/acme/applications/boutique/compare/v0.10.5...v0.10.6/",
        "start": "/o/acme/applications/boutique/start/?release=v0.10.6",
        "first": "/o/acme/first/",
        "confirm": f"{waiting.path}approve/",
        "environments": "/o/acme/environments/",
        "environment": "/o/acme/environments/production/",
        "clusters": "/o/acme/clusters/",
        "cluster": "/o/acme/clusters/harbour/",
        "settings-tokens": "/o/acme/settings/tokens/",
        "account": "/account/",
        "search": "/o/acme/search/?q=boutique",
        "search-none": "/o/acme/search/?q=zzz",
        "account-password": "/account/password/",
        "review": f"{waiting.path}review/",
        "approvals": "/o/acme/approvals/",
        "approvals-decided": "/o/acme/approvals/?show=decided",
    }


def settings_of(story: Story) -> dict[str, str]:
    """Name → path, of the pages that an owner sees and a releaser does not."""
    from apps.core import scopes
    from apps.organizations.models import Connection, Membership, VerifiedDomain

    with scopes.organization(story.people.acme.id):
        vic = Membership.objects.get(user=story.people.vic).id
        Membership.objects.filter(user=story.people.ana).update(breaks_glass=True)
        connection, _ = Connection.objects.get_or_create(
            organization_id=story.people.acme.id,
            name="Keycloak",
            issuer="https://idp.example/realms/acme",
            authorization_origin="https://idp.example",
            client_id="slipway",
            secret=b"sealed",
            status="on",
            role_of_group={"platform-admins": "admin"},
        )
        VerifiedDomain.objects.get_or_create(organization_id=story.people.acme.id, domain="acme.example")
    connections = "/o/acme/settings/connections/"
    return {
        "settings-connections": connections,
        "settings-connection": f"{connections}{connection.id}/",
        "settings-connection-test": f"{connections}{connection.id}/test/",
        "settings-connection-new": f"{connections}new/",
        "sso": "/sso/acme/",
        "sso-choose": "/sso/",
        "break-glass": "/sso/acme/break-glass/",
        "audit": "/o/acme/audit/?verify=1",
        "settings-people": "/o/acme/settings/people/",
        "settings-person": f"/o/acme/settings/people/{vic}/",
        "settings-asked": "/o/acme/settings/people/?person=ana@acme.example&action=start&object=production",
        "settings-service-account-new": "/o/acme/settings/people/service-account/",
        "settings-teams": "/o/acme/settings/teams/",
        "settings-membership": "/o/acme/settings/membership/",
        "settings-environments": "/o/acme/settings/environments/",
        "settings-environment": "/o/acme/settings/environments/edit/production/",
        "settings-environment-new": "/o/acme/settings/environments/new/",
        "settings-clusters": "/o/acme/settings/clusters/",
        "settings-cluster": "/o/acme/settings/clusters/edit/harbour/",
        "settings-cluster-new": "/o/acme/settings/clusters/new/",
        "settings-organization": "/o/acme/settings/organization/",
        "settings-second-factor": "/o/acme/settings/second-factor/",
        "account-address": "/account/address/",
        "second-factor": "/accounts/second-factor/",
        "second-factor-app": "/accounts/second-factor/app/",
        "second-factor-passkey": "/accounts/second-factor/passkeys/add/",
    }


README = {"home": "home-wide-light", "rollout": "rollout-moving-wide-dark", "review": "review-wide-light"}

if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "var/screenshots")
    os.environ[FOLDER] = str(folder)
    ended = pytest.main([__file__, "-q", "--timeout", "600"])
    if not ended and "--readme" in sys.argv:
        for name, picture in README.items():
            shutil.copyfile(folder / f"{picture}.png", Path("docs/pictures") / f"{name}.png")
    sys.exit(ended)
