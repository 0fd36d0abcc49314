"""Policy as a file: printed, changed, put back; and letting a rollout through, on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import yaml

from tests.cli.conftest import Ran
from tests.people import People, actor, make_cluster, make_environments


def test_a_policy_is_printed_changed_in_its_file_and_put_back(
    server: str, people: People, login: Callable[..., None], slipway: Callable[..., Ran], tmp_path: Path
) -> None:
    ana = actor(people.ana, people.acme)
    make_environments(ana, [make_cluster(ana)])
    login(people.ada)
    printed = slipway("policy", "get").out
    documents = list(yaml.safe_load_all(printed))
    assert [document["environment"] for document in documents] == ["dev", "staging", "production"]
    assert documents[2]["approval_rules"]["separation"] == "authors"
    file = tmp_path / "policy.yaml"
    file.write_text(printed)
    same = slipway("policy", "set", "-f", file)
    assert (same.code, "production: nothing changes." in same.err) == (0, True)
    file.write_text(
        "environment: production\napprovals_needed: 2\napproval_rules: {teams: [ops], expires_hours: 8}\n"
    )
    checked = slipway("policy", "set", "-f", file, "--check")
    assert "production: approvals_needed: 1 → 2" in checked.err
    assert "production: approval_rules.teams: none → ops" in checked.err
    assert yaml.safe_load(slipway("policy", "get", "production").out)["approvals_needed"] == 1
    assert slipway("policy", "set", "-f", file).code == 0
    now = yaml.safe_load(slipway("policy", "get", "production").out)
    assert (now["approvals_needed"], now["approval_rules"]["teams"]) == (2, ["ops"])
    assert now["approval_rules"]["separation"] == "authors"  # what was not said stays


def test_a_mistake_in_the_file_is_said_in_words_and_nothing_is_changed(
    server: str, people: People, login: Callable[..., None], slipway: Callable[..., Ran], tmp_path: Path
) -> None:
    ana = actor(people.ana, people.acme)
    make_environments(ana, [make_cluster(ana)])
    login(people.ada)
    file = tmp_path / "policy.yaml"

    def put(text: str) -> str:
        file.write_text(text)
        ran = slipway("policy", "set", "-f", file)
        assert ran.code != 0
        return ran.err.replace(str(file), "policy.yaml")

    assert "policy.yaml, line 2 is no YAML." in put("environment: dev\n  a: b: c\n")
    assert "document 1 does not say which environment it is for" in put("approvals_needed: 1\n")
    assert "policy.yaml: nowhere: There is no such environment." in put("environment: nowhere\n")
    assert "policy.yaml: dev: there is no setting “aprovals”; there are " in put(
        "environment: dev\naprovals: 1\n"
    )
    assert "approval_rules.days: “someday” is no day; write mon, tue, wed, thu, fri, sat, sun." in put(
        "environment: dev\napproval_rules: {days: [someday]}\n"
    )
    # The second document is wrong, so the first is not carried out either.
    put("environment: dev\nbake_seconds: 9\n---\nenvironment: staging\nbaked: 1\n")
    assert json.loads(slipway("environments", "show", "dev", "-o", "json").out)["bake_seconds"] == 0
