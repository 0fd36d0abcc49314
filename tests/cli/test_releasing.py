"""The whole way of a release on the command line, against a cluster."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Ran
from tests.clusters import Place
from tests.people import People

on_the_sandbox = pytest.mark.parametrize("any_cluster", ["sandbox"], indirect=True)


@pytest.fixture
def worker(transactional_database: str, people: People) -> Iterator[None]:
    """What Celery's worker and the sweeper do, in a thread: whatever has not ended is advanced, again and again."""
    ending = threading.Event()

    def work() -> None:
        from django.db import connections

        from apps.core import scopes
        from apps.rollouts.models import Rollout
        from apps.rollouts.services.advancing import advance

        try:
            while not ending.is_set():
                with scopes.system("the test's worker"):
                    due = list(
                        Rollout.objects.filter(ended_at__isnull=True).values_list("organization_id", "id")
                    )
                for organization_id, rollout_id in due:
                    advance(organization_id, rollout_id)
                ending.wait(0.2)
        finally:
            connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    ending.set()
    thread.join(60)


@pytest.fixture
def shop(
    any_cluster: Place, people: People, login: Callable[..., None], slipway: Callable[..., Ran]
) -> Callable[..., Ran]:
    login(people.ana)
    assert slipway("clusters", "add", "here", "--kubeconfig", any_cluster.kubeconfig_path).code == 0
    made = slipway(
        *("environments", "create", "production", "--cluster", "here", "--delivery", "approve"),
        *("--namespace", any_cluster.namespace, "--production"),
    )
    assert made.code == 0, made.err
    assert slipway("apps", "create", "shop", "--name", "Shop").code == 0
    return slipway


def test_a_release_is_made_started_explained_shown_approved_and_followed_to_its_end(
    whole_server: str,
    worker: None,
    shop: Callable[..., Ran],
    people: People,
    login: Callable[..., None],
    manifest: Callable[[str], Path],
) -> None:
    clusters = json.loads(shop("clusters", "list", "-o", "json").out)
    assert [(row["slug"], row["reachability"]) for row in clusters] == [("here", "reachable")]

    login(people.bo)
    for _ in range(2):  # the same release twice is the first one
        made = shop(
            "releases", "create", "shop", "1.0.0", manifest("1"), "--setting", "color=blue", "-o", "json"
        )
        assert made.code == 0, made.err
        assert json.loads(made.out)["number"] == 1
    other = shop("releases", "create", "shop", "1.0.0", manifest("2"))
    assert other.code == 1
    assert "has a release 1.0.0 already, with other content" in other.err

    started = shop(
        "rollouts", "start", "shop", "production", "1.0.0", "--why", "first", "--no-wait", "--timeout", "60"
    )
    assert started.code == 7, started
    assert "asked for it: first" in started.out
    assert "Rollout 1 (shop 1.0.0 to production) waits" in started.err
    explained = json.loads(shop("rollouts", "explain", "1", "-o", "json").out)
    assert explained["phase"] == "waiting"
    assert [wait["gate"] for wait in explained["waits_for"]] == ["approval"]
    assert "approve    Who asked for a rollout does not approve it." in shop("rollouts", "explain", "1").out

    diff = shop("rollouts", "diff", "1").out
    assert f"+ Deployment.apps/{_namespace(shop)}/web" in diff
    plan = json.loads(shop("rollouts", "diff", "1", "-o", "json").out)
    assert plan["digest"] in diff

    refused = shop("rollouts", "approve", "1", "--yes")
    assert (refused.code, refused.out) == (1, "")

    login(people.ana)
    assert shop("rollouts", "approve", "1").code == 2  # no terminal, nothing seen
    stale = shop("rollouts", "approve", "1", "--digest", "sha256:" + "0" * 64)
    assert stale.code == 1
    approved = shop("rollouts", "approve", "1", "--digest", plan["digest"], "--comment", "go", "-o", "json")
    assert json.loads(approved.out)["approved"] is True

    login(people.vic, "read", url=whole_server)  # live, by the socket
    watched = shop("rollouts", "watch", "1", "--timeout", "90")
    assert watched.code == 0, watched
    lines = [line[10:] for line in watched.out.splitlines()]
    assert lines[0] == "Bo asked for it: first"
    assert "Ana approved: go" in lines
    assert lines[-1].startswith("Succeeded")
    assert len(lines) == len([line for line in watched.out.splitlines() if line])
    assert "Rollout 1 (shop 1.0.0 to production) succeeded." in watched.err

    again = shop("rollouts", "watch", "1", "-o", "json")
    events = [json.loads(line) for line in again.out.splitlines()]
    assert [event["number"] for event in events] == list(range(1, len(events) + 1))

    live = json.loads(shop("targets", "list", "-o", "json").out)
    assert [(row["application"], row["live"]["version"]) for row in live] == [("shop", "1.0.0")]
    assert shop("rollouts", "abort", "1").code == 1  # read is all that this token may


@on_the_sandbox
def test_an_abort_is_a_code_of_its_own(
    worker: None,
    shop: Callable[..., Ran],
    people: People,
    login: Callable[..., None],
    manifest: Callable[[str], Path],
) -> None:
    login(people.bo)
    assert shop("releases", "create", "shop", "1.0.0", manifest("1")).code == 0
    assert shop("rollouts", "start", "shop", "production", "1.0.0").code == 0
    assert shop("rollouts", "abort", "1", "--why", "not today").code == 0
    watched = shop("rollouts", "watch", "1", "--timeout", "60")  # without sockets: by asking again
    assert watched.code == 5, watched
    assert watched.out.splitlines()[-1][10:].startswith("Aborted")
    rows = json.loads(shop("rollouts", "list", "-o", "json", "--phase", "aborted").out)
    assert [row["number"] for row in rows] == [1]
    login(people.ana)
    verdict = shop("audit", "verify", "-o", "json")
    assert (verdict.code, json.loads(verdict.out)["sound"]) == (0, True)


@on_the_sandbox
def test_time_out_leaves_the_rollout_alone(shop: Callable[..., Ran], manifest: Callable[[str], Path]) -> None:
    assert shop("releases", "create", "shop", "1.0.0", manifest("1")).code == 0
    started = time.monotonic()
    ran = shop("rollouts", "start", "shop", "production", "1.0.0", "--watch", "--timeout", "2")
    assert ran.code == 8
    assert time.monotonic() - started < 20
    assert "is still pending; it goes on without us." in ran.err


def _namespace(shop: Callable[..., Ran]) -> Any:
    return json.loads(shop("targets", "list", "-o", "json").out)[0]["namespace"]
