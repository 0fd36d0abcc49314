"""Which addresses a cluster may have. A name is resolved once, every address is judged, and the connection is
pinned to them, so that an answer that changes afterwards changes nothing."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from slipway.ports.clusters import Unreachable

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Resolve = Callable[[str, int], Sequence[str]]

SETTING = "SLIPWAY_CLUSTER_NETWORKS"

# Never, whatever the operator allows: the clouds' metadata services and what is no address of a machine.
_NEVER = tuple(
    ipaddress.ip_network(network)
    for network in (
        "169.254.0.0/16",
        "fe80::/10",
        "fd00:ec2::254/128",
        "100.100.100.200/32",
        "168.63.129.16/32",
        "192.0.0.192/32",
        "0.0.0.0/8",
        "::/128",
    )
)


class AddressRefused(Unreachable):
    """The sentence names the address and, where the operator can allow it, the setting."""


def system_resolver(host: str, port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def judged_addresses(
    server: str, networks: Sequence[str], *, resolve: _Resolve = system_resolver
) -> tuple[str, ...]:
    """The addresses to connect to. Raises AddressRefused, or Unreachable when the name does not resolve."""
    parts = urlsplit(server)
    host = (parts.hostname or "").rstrip(".")
    if not host or "_" in host or "%" in host:
        raise AddressRefused(f"“{host}” is no host name that a cluster may have.")
    try:
        found = resolve(host, parts.port or 443)
    except (OSError, UnicodeError):
        raise Unreachable(f"The name {host} does not resolve.") from None
    allowed = [ipaddress.ip_network(network, strict=False) for network in networks]
    for text in found:
        _judge(host, _plain(ipaddress.ip_address(text.partition("%")[0])), allowed)
    if not found:
        raise Unreachable(f"The name {host} does not resolve.")
    return tuple(found)


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def _plain(address: _Address) -> _Address:
    """Where a packet ends: `::ffff:10.0.0.1`, 6to4 and NAT64 addresses carry an IPv4 one."""
    if not isinstance(address, ipaddress.IPv6Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _judge(
    host: str, address: _Address, allowed: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]
) -> None:
    if address.is_multicast or address.is_unspecified or any(address in network for network in _NEVER):
        raise AddressRefused(f"{host} is {address}, an address that no cluster may have.")
    if address.is_global:
        return
    if not any(address in network for network in allowed):
        raise AddressRefused(
            f"{host} is {address}, a private address. The operator can allow its network in {SETTING}."
        )
