"""Environments and clusters on the command line: where they stand, in which order, with which credentials."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Ran
from tests.people import NOBODY, People, actor, make_cluster, make_environments


def test_an_environment_is_moved_and_stands_on_a_cluster_more_and_less(
    server: str, people: People, login: Callable[..., None], slipway: Callable[..., Ran]
) -> None:
    ana = actor(people.ana, people.acme)
    make_environments(ana, [make_cluster(ana, slug="one")])
    make_cluster(ana, slug="two")
    login(people.ada)
    assert slipway("environments", "move", "production", "1").code == 0
    rows = json.loads(slipway("environments", "list", "-o", "json").out)
    assert [row["slug"] for row in rows] == ["production", "dev", "staging"]
    added = slipway("environments", "add-cluster", "dev", "two", "-o", "json")
    assert json.loads(added.out)["clusters"] == ["one", "two"]
    removed = slipway("environments", "remove-cluster", "dev", "one", "-o", "json")
    assert json.loads(removed.out)["clusters"] == ["two"]
    last = slipway("environments", "remove-cluster", "dev", "two")
    assert last.code != 0
    assert "two is the only cluster of dev; add another first." in last.err


def test_a_cluster_gets_other_credentials(
    server: str, people: People, login: Callable[..., None], slipway: Callable[..., Ran], tmp_path: Path
) -> None:
    make_cluster(actor(people.ana, people.acme), slug="one")
    login(people.ada)
    file = tmp_path / "kubeconfig"
    file.write_text(NOBODY.replace("127.0.0.1:1", "127.0.0.1:2"))
    ran = slipway("clusters", "rotate", "one", "--kubeconfig", file)
    assert (ran.code, "one is unreachable: the connection is refused." in ran.err) == (1, True)
    rows = json.loads(slipway("clusters", "list", "-o", "json").out)
    assert [row["server"] for row in rows] == ["https://127.0.0.1:2"]
