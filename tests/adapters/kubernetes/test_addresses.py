"""Which addresses a cluster may have; judged once, then pinned."""

from __future__ import annotations

import socket
from collections.abc import Sequence

import pytest

from slipway.adapters.kubernetes import clusters as adapter
from slipway.adapters.kubernetes.addresses import AddressRefused, judged_addresses
from slipway.adapters.kubernetes.clusters import KubernetesClusters
from slipway.ports.clusters import Access, Unreachable

EVERYTHING = ("0.0.0.0/0", "::/0")


def judged(
    *found: str, networks: Sequence[str] = (), server: str = "https://k8s.test:6443"
) -> tuple[str, ...]:
    return judged_addresses(server, networks, resolve=lambda host, port: list(found))


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1"])
def test_a_public_address_needs_nobodys_leave(address: str):
    assert judged(address) == (address,)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "172.16.4.4", "192.168.1.1", "100.64.0.1", "::1", "fd12::1", "198.18.0.1"],
)
def test_a_private_address_names_the_setting_that_allows_it(address: str):
    with pytest.raises(AddressRefused) as refused:
        judged(address)
    assert refused.value.sentence == (
        f"k8s.test is {address}, a private address. The operator can allow its network in SLIPWAY_CLUSTER_NETWORKS."
    )
    assert judged(address, networks=EVERYTHING) == (address,)


def test_a_network_allows_its_own_addresses_and_no_others():
    assert judged("10.1.2.3", networks=["10.1.0.0/16"]) == ("10.1.2.3",)
    with pytest.raises(AddressRefused):
        judged("10.2.0.1", networks=["10.1.0.0/16"])


NEVER = [
    "169.254.169.254",
    "169.254.0.1",
    "fe80::1",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "0.0.0.0",  # noqa: S104  nothing is bound to it
    "::",
    "224.0.0.1",
    "ff02::1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
]


@pytest.mark.parametrize("address", NEVER)
def test_metadata_and_link_local_addresses_are_refused_whatever_the_operator_allows(address: str):
    with pytest.raises(AddressRefused, match="an address that no cluster may have"):
        judged(address, networks=EVERYTHING)


def test_an_ipv4_address_in_an_ipv6_one_is_judged_as_itself():
    with pytest.raises(AddressRefused, match=r"k8s\.test is 10\.0\.0\.1, a private address"):
        judged("::ffff:10.0.0.1")
    assert judged("::ffff:10.0.0.1", networks=["10.0.0.0/8"]) == ("::ffff:10.0.0.1",)


def test_one_bad_address_among_good_ones_refuses_them_all():
    with pytest.raises(AddressRefused):
        judged("93.184.216.34", "169.254.169.254")


@pytest.mark.parametrize("server", ["https://my_cluster.test", "https://", "https://[fe80::1%25eth0]:6443"])
def test_a_name_that_no_host_has_is_refused(server: str):
    with pytest.raises(AddressRefused, match="is no host name that a cluster may have"):
        judged("93.184.216.34", server=server)


@pytest.mark.parametrize("error", [OSError("no such host"), UnicodeError("label too long")])
def test_a_name_that_does_not_resolve_is_a_cluster_that_is_away(error: Exception):
    def resolve(host: str, port: int) -> Sequence[str]:
        raise error

    with pytest.raises(Unreachable) as away:
        judged_addresses("https://k8s.test", (), resolve=resolve)
    assert away.value.sentence == "The name k8s.test does not resolve."
    assert not isinstance(away.value, AddressRefused)


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1"])
def test_other_spellings_of_an_address_are_judged_as_what_they_mean(host: str):
    """The system's resolver reads them as 127.0.0.1."""
    assert socket.inet_aton(host) == b"\x7f\x00\x00\x01"
    with pytest.raises(AddressRefused):
        judged_addresses(
            f"https://{host}", (), resolve=lambda name, port: [socket.inet_ntoa(socket.inet_aton(name))]
        )


ACCESS = Access(server="https://k8s.test:6443", token="x")


def connected(monkeypatch: pytest.MonkeyPatch, *answers: Sequence[str] | Exception):
    """Connects once per answer of the resolver, a long time apart."""
    told = iter(answers)

    def judge(server: str, networks: Sequence[str]) -> tuple[str, ...]:
        answer = next(told)
        if isinstance(answer, Exception):
            raise answer
        return tuple(answer)

    monkeypatch.setattr(adapter.addresses, "judged_addresses", judge)
    monkeypatch.setattr(adapter, "_RESOLVED_SECONDS", 0)
    clusters = KubernetesClusters(networks=(), redaction_key=b"k" * 32)
    return [clusters.connect("one", ACCESS) for _ in answers]


def test_a_cluster_that_moved_to_another_address_is_found_there(monkeypatch: pytest.MonkeyPatch):
    first, same, moved = connected(monkeypatch, ["203.0.113.1"], ["203.0.113.1"], ["203.0.113.2"])
    assert first is same
    assert moved is not first


def test_a_name_server_that_is_away_takes_no_cluster_away(monkeypatch: pytest.MonkeyPatch):
    first, same = connected(monkeypatch, ["203.0.113.1"], Unreachable("The name does not resolve."))
    assert first is same


def test_a_name_that_turns_to_a_forbidden_address_is_refused(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(AddressRefused):
        connected(monkeypatch, ["203.0.113.1"], AddressRefused("k8s.test is 169.254.169.254"))


def test_other_credentials_are_another_connection():
    clusters = KubernetesClusters(networks=("127.0.0.1/32",), redaction_key=b"k" * 32)
    one = clusters.connect("one", Access(server="https://127.0.0.1:6443", token="x"))
    assert clusters.connect("one", Access(server="https://127.0.0.1:6443", token="x")) is one
    assert clusters.connect("one", Access(server="https://127.0.0.1:6443", token="y")) is not one
