from __future__ import annotations

from pathlib import Path

import pytest

from slipway.embedded import clusters, variables
from slipway.embedded.data import DataFolder, Ports
from slipway.embedded.errors import CannotStart

_PORTS = Ports(web=8123, postgres=1, valkey=2, sandbox=3)


def every_process(folder: Path, given: dict[str, str]) -> dict[str, str]:
    data = DataFolder(folder)
    data.create()
    return variables.for_every_process(
        data,
        _PORTS,
        application_url={"DATABASE_URL": "postgres://app"},
        redis_url={"SLIPWAY_REDIS_URL": "redis://ours"},
        networks=("127.0.0.1/32",),
        given=given,
    )


def test_no_process_gets_the_owners_login(tmp_path: Path) -> None:
    given = {"DATABASE_OWNER_URL": "postgres://owner", "DATABASE_URL_FILE": "/theirs", "PATH": "/bin"}
    found = every_process(tmp_path, given)
    assert found["DATABASE_URL"] == "postgres://app"
    assert found["PATH"] == "/bin"
    assert not {"DATABASE_OWNER_URL", "DATABASE_URL_FILE"} & set(found)


def test_clusters_may_have_the_chosen_ones_addresses_and_those_that_the_operator_named(
    tmp_path: Path,
) -> None:
    assert every_process(tmp_path, {})["SLIPWAY_CLUSTER_NETWORKS"] == "127.0.0.1/32"
    named = {"SLIPWAY_CLUSTER_NETWORKS": "10.0.0.0/8,127.0.0.1/32"}
    assert every_process(tmp_path, named)["SLIPWAY_CLUSTER_NETWORKS"] == "127.0.0.1/32,10.0.0.0/8"


def test_secrets_travel_by_file_and_pages_by_localhost(tmp_path: Path) -> None:
    found = every_process(tmp_path, {})
    assert Path(found["SLIPWAY_SECRET_KEY_FILE"]).read_text() not in found.values()
    assert "SLIPWAY_SECRET_KEY" not in found
    assert found["SLIPWAY_PUBLIC_URL"] == "http://localhost:8123"


def test_no_log_level_hides_that_a_process_is_ready(tmp_path: Path) -> None:
    levels = {asked: every_process(tmp_path, {"SLIPWAY_LOG_LEVEL": asked}) for asked in ("debug", "ERROR")}
    assert {asked: found["SLIPWAY_LOG_LEVEL"] for asked, found in levels.items()} == {
        "debug": "DEBUG",
        "ERROR": "INFO",
    }


def test_ones_own_postgresql_needs_both_logins() -> None:
    both = {"DATABASE_URL": "postgres://a", "DATABASE_OWNER_URL_FILE": "/b"}
    assert variables.own_servers(both).database == both
    assert variables.own_servers({}).database == {}
    with pytest.raises(CannotStart, match="needs two log-ins"):
        variables.own_servers({"DATABASE_URL": "postgres://a"})


def test_ones_own_valkey_is_taken_from_a_file_too() -> None:
    assert variables.own_servers({"SLIPWAY_REDIS_URL_FILE": "/c"}).redis == {"SLIPWAY_REDIS_URL_FILE": "/c"}


_KUBECONFIG = """
current-context: c
contexts: [{name: c, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "https://127.0.0.1:6443"}}]
users: [{name: u, user: %s}]
"""


def test_a_named_cluster_is_allowed_by_exactly_its_address(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(_KUBECONFIG % "{token: t}")
    chosen = clusters.named(tmp_path / "config")
    assert (chosen.networks, chosen.is_sandbox) == (("127.0.0.1/32",), False)


def test_a_kubeconfig_that_runs_a_program_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(_KUBECONFIG % "{exec: {command: aws}}")
    with pytest.raises(CannotStart, match=r"config: The kubeconfig's user has “exec”"):
        clusters.named(tmp_path / "config")


def test_a_kubeconfig_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match=r"missing cannot be read: No such file"):
        clusters.named(tmp_path / "missing")
