"""A release's page: where it came from, where it is and was, and how it differs from any other."""

from __future__ import annotations

import base64

from tests.dashboard.reading import browser, words
from tests.e2e.story import Story
from tests.people import make_release

PAGE = "/o/acme/applications/boutique/"
HIDDEN = "correct horse battery staple"
DIGEST = "sha256:" + "ab" * 32


def manifests(*, image: str, secret: str, replicas: int, extra: str = "") -> str:
    return f"""apiVersion: v1
kind: Secret
metadata: {{name: keys}}
data: {{password: {base64.b64encode(secret.encode()).decode()}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec: {{containers: [{{name: server, image: "{image}"}}]}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: same}}
data: {{a: b}}
{extra}"""


def test_the_page_says_where_it_came_from(story: Story) -> None:
    make_release(
        story.actor("dee"),
        story.boutique,
        "v1",
        manifests(image=f"registry.example/web@{DIGEST}", secret=HIDDEN, replicas=1),
        commits=[
            {
                "sha": "ab" * 20,
                "message": "SHOP-1 Show the total",
                "author": "Dee <dee@acme.example>",
                "authored_at": "2026-11-20T12:00:00Z",
            }
        ],
        branch="main",
        configuration={"flag": "on"},
        notes="The cart shows its total",
    )
    text = words(browser(story.people.vic).get(f"{PAGE}releases/v1/").content)
    assert "It has not been put anywhere yet." in text
    assert "Commit abab…abab Author Dee 2026-11-20 12:00 UTC Message SHOP-1 Show the total" in text
    assert "Branch main Issues SHOP-1 Notes The cart shows its total Source YAML documents" in text
    assert "dev: 3 objects" in text
    assert "flag on" in text
    assert "registry.example/web abab…abab" in text
    assert HIDDEN not in text


def test_an_image_by_its_tag_alone_is_said_to_be_not_pinned(story: Story) -> None:
    story.release("v1")
    text = words(browser(story.people.vic).get(f"{PAGE}releases/v1/").content)
    assert "registry.example/boutique/adservice :v1 not pinned" in text


def test_where_it_is_and_was_with_from_and_to(story: Story) -> None:
    story.live("v1", "dev")
    story.live("v1", "staging")
    story.live("v2", "dev")
    client = browser(story.people.bo)
    text = words(client.get(f"{PAGE}releases/v1/").content)
    assert "Live in staging; 2 environments have another." in text
    assert "→ still" in text
    assert "rollout 1" in text
    assert "dev v2 v2 → v1, 1 release back. Needs no approval" in text.replace("healthy ", "")
    assert "Roll back in dev" in text
    assert "Promote in production" in text


def test_two_releases_differ_in_lines_images_settings_and_commits(story: Story) -> None:
    dee = story.actor("dee")
    make_release(
        dee,
        story.boutique,
        "v1",
        manifests(image="registry.example/web:v1", secret=HIDDEN, replicas=1),
        configuration={"flag": "off"},
    )
    make_release(
        dee,
        story.boutique,
        "v2",
        manifests(
            image="registry.example/web:v2",
            secret=HIDDEN + "!",
            replicas=3,
            extra="---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: new}\ndata: {c: d}\n",
        ),
        configuration={"flag": "on"},
        commits=[{"sha": "cd" * 20, "message": "SHOP-2 Three of them", "author": "Dee <dee@acme.example>"}],
    )
    client = browser(story.people.vic)
    page = client.get(f"{PAGE}compare/v1...v2/")
    text = words(page.content)
    assert "v2 is 1 release later than v1." in text
    assert "In production: 3 objects differ, 1 read the same." in text
    assert "removed: replicas: 1" in text
    assert "added: replicas: 3" in text
    assert "ConfigMap new +" in text
    assert "registry.example/web v1 not pinned → v2 not pinned" in text
    assert "flag off → on" in text
    assert "Commits between 1 SHOP-2 Three of them" in text
    assert "Issues between SHOP-2" in text
    html = page.content.decode()
    for secret in (HIDDEN, HIDDEN + "!"):
        assert secret not in html
        assert base64.b64encode(secret.encode()).decode() not in html
    assert html.count("hmac-sha256:") == 2
    back = words(client.get(f"{PAGE}compare/v2...v1/?environment=dev").content)
    assert "v1 is 1 release earlier than v2. In dev:" in back
    assert "Commits that are taken out 1 SHOP-2" in back


def test_a_version_with_dots_of_its_own_is_found_between_the_dots(story: Story) -> None:
    for version in ("1...2", "3"):
        make_release(
            story.actor("dee"),
            story.boutique,
            version,
            manifests(image="registry.example/web:1", secret="a", replicas=1),
        )
    client = browser(story.people.vic)
    assert client.get(f"{PAGE}compare/1...2...3/").status_code == 200
    assert client.get(f"{PAGE}compare/3...1...2/").status_code == 200
    assert client.get(f"{PAGE}compare/3...4/").status_code == 404
    answer = client.get(f"{PAGE}compare/?from=3&to=1...2")
    assert (answer.status_code, answer["Location"]) == (302, f"{PAGE}compare/3...1...2/")


def test_an_environment_that_is_younger_than_the_release_is_compared_without_being_written(
    story: Story,
) -> None:
    from apps.core import scopes
    from apps.releases.models import RenderedSet
    from tests.people import make_cluster, make_environment

    for version in ("v1", "v2"):
        story.release(version)
    make_environment(story.actor("ana"), "later", [make_cluster(story.actor("ana"))])
    text = words(browser(story.people.vic).get(f"{PAGE}compare/v1...v2/?environment=later").content)
    assert "In later: 4 objects differ, 0 read the same." in text
    with scopes.organization(story.people.acme.id):
        assert RenderedSet.objects.filter(environment__slug="later").count() == 0
