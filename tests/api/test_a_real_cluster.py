from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.speaking import Api
from tests.people import People


@pytest.mark.cluster
def test_a_cluster_is_asked_who_it_is_and_its_credentials_are_shown_to_nobody(
    people: People, api: Callable[..., Api], real_cluster: Any
) -> None:
    ana = api(people.ana)
    added = ana.post("clusters/", {"slug": "real", "kubeconfig": real_cluster.kubeconfig})
    assert (added.status, added.body["reachability"]) == (201, "unknown")
    checked = ana.post("clusters/real/check/").body
    assert (checked["reachability"], checked["sentence"], checked["simulated"]) == ("reachable", "", False)
    assert checked["version"].startswith("v1.")
    assert {"Deployment.apps", "Service"} <= set(checked["serves"])
    shown = ana.get("clusters/real/").text + ana.get("audit/").text
    for line in real_cluster.kubeconfig.splitlines():
        if "-data:" in line or "token:" in line:
            assert line.partition(": ")[2].strip() not in shown


def test_a_cluster_that_does_not_answer_is_said_so(people: People, api: Callable[..., Api]) -> None:
    from tests.people import NOBODY

    ana = api(people.ana)
    ana.post("clusters/", {"slug": "gone", "kubeconfig": NOBODY})
    checked = ana.post("clusters/gone/check/").body
    assert checked["reachability"] == "unreachable"
    assert checked["sentence"]
    assert checked["since"] is not None
