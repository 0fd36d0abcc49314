"""A kubeconfig from a user is code (rule 20): parsed by us, never executed."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from slipway.adapters.kubernetes import KubernetesClusters
from slipway.adapters.kubernetes.addresses import AddressRefused, judged_addresses
from slipway.ports.clusters import Access, BadKubeconfig
from tests.clusters import SandboxProcess

clusters = KubernetesClusters(networks=("127.0.0.0/8",), redaction_key=b"tests")


def kubeconfig(*, cluster: dict[str, Any] | None = None, user: dict[str, Any] | None = None) -> str:
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "one",
            "contexts": [{"name": "one", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [
                {"name": "c", "cluster": {"server": "https://k8s.example.org:6443", **(cluster or {})}}
            ],
            "users": [{"name": "u", "user": {"token": "abc"} if user is None else user}],
        }
    )


def test_server_and_token_are_read_and_nothing_else() -> None:
    access = clusters.parse_kubeconfig(kubeconfig())
    assert access == Access("https://k8s.example.org:6443", None, "abc")
    assert "abc" not in repr(access)


@pytest.mark.parametrize(
    ("cluster", "user", "named"),
    [
        ({}, {"exec": {"command": "rm"}}, "exec"),
        ({}, {"auth-provider": {"name": "gcp"}}, "auth-provider"),
        ({}, {"client-certificate": "/etc/passwd", "client-key": "/etc/passwd"}, "client-certificate"),
        ({}, {"tokenFile": "/etc/passwd"}, "tokenFile"),
        ({}, {"username": "admin", "password": "x"}, "username"),
        ({}, {"token": "abc", "as": "system:admin"}, "as"),
        ({"insecure-skip-tls-verify": True}, None, "insecure-skip-tls-verify"),
        ({"certificate-authority": "/etc/passwd"}, None, "certificate-authority"),
        ({"proxy-url": "http://127.0.0.1:1"}, None, "proxy-url"),
        ({"tls-server-name": "other"}, None, "tls-server-name"),
    ],
)
def test_what_would_run_read_or_weaken_is_refused_by_name(
    cluster: dict[str, Any], user: dict[str, Any] | None, named: str
) -> None:
    with pytest.raises(BadKubeconfig) as refused:
        clusters.parse_kubeconfig(kubeconfig(cluster=cluster, user=user))
    assert f"“{named}”" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The kubeconfig is empty or no mapping."),
        ("a: [", "The kubeconfig is no YAML (line 1, column 5)."),
        ("a: &x 1\nb: *x\n", "The kubeconfig uses YAML aliases; it needs none."),
        (
            kubeconfig(cluster={"server": "http://k8s.example.org"}),
            "The kubeconfig's server must be an https:// address.",
        ),
        (
            kubeconfig(user={"client-certificate-data": "eA=="}),
            "The kubeconfig's user has neither a token nor a client certificate with its key.",
        ),
    ],
)
def test_what_is_missing_or_broken_is_told_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(BadKubeconfig) as refused:
        clusters.parse_kubeconfig(text)
    assert str(refused.value) == sentence


def test_an_unknown_context_is_named() -> None:
    with pytest.raises(BadKubeconfig) as refused:
        clusters.parse_kubeconfig(kubeconfig(), context="other")
    assert str(refused.value) == "The kubeconfig has no context called other."


def resolved_to(address: str, *networks: str) -> tuple[str, ...]:
    return judged_addresses("https://k8s.example.org:6443", networks, resolve=lambda host, port: [address])


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "100.100.100.200", "0.0.0.1", "::"])
def test_metadata_and_link_local_addresses_are_never_connected_to(address: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        resolved_to(address, "0.0.0.0/0", "::/0")
    assert refused.value.sentence == f"k8s.example.org is {address}, an address that no cluster may have."


@pytest.mark.parametrize("address", ["10.1.2.3", "127.0.0.1", "::1", "::ffff:10.0.0.1"])
def test_a_private_address_needs_the_operator_s_setting_which_the_refusal_names(address: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        resolved_to(address)
    assert "SLIPWAY_CLUSTER_NETWORKS" in refused.value.sentence


def test_an_allowed_network_is_pinned_to_the_judged_address() -> None:
    assert resolved_to("10.1.2.3", "10.0.0.0/8") == ("10.1.2.3",)


def test_the_sandbox_s_own_kubeconfig_passes_and_is_private(sandbox: SandboxProcess) -> None:
    access = clusters.parse_kubeconfig(sandbox.kubeconfig)
    assert access.server == f"https://127.0.0.1:{sandbox.port}"
    assert access.token
    assert access.ca_pem is not None
    assert sandbox.kubeconfig_path.stat().st_mode & 0o777 == 0o600
