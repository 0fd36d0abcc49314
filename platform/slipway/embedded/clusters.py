"""Which cluster an embedded Slipway deploys to: the sandbox of its own, or the one a kubeconfig names."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from slipway.embedded import loopback
from slipway.embedded.errors import CannotStart


@dataclass(frozen=True, slots=True)
class ChosenCluster:
    """`networks`: its addresses, each as a network of one, which is all that the stack allows beyond public ones."""

    kubeconfig: Path
    networks: tuple[str, ...]
    is_sandbox: bool


def sandbox(kubeconfig: Path) -> ChosenCluster:
    return ChosenCluster(kubeconfig, (f"{loopback.ADDRESS}/32",), is_sandbox=True)


def named(kubeconfig: Path) -> ChosenCluster:
    """CannotStart when it cannot be read, is none that Slipway takes, or its name does not resolve."""
    from slipway.adapters.kubernetes.addresses import system_resolver
    from slipway.adapters.kubernetes.kubeconfig import parse_kubeconfig
    from slipway.ports.clusters import BadKubeconfig

    try:
        access = parse_kubeconfig(kubeconfig.read_text())
    except OSError as error:
        raise CannotStart(f"The kubeconfig {kubeconfig} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        raise CannotStart(f"The kubeconfig {kubeconfig} is no text.") from None
    except BadKubeconfig as error:
        raise CannotStart(f"{kubeconfig}: {error}") from error
    server = urlsplit(access.server)
    host = server.hostname or ""
    try:
        addresses = system_resolver(host, server.port or 443)
    except OSError:
        raise CannotStart(f"{kubeconfig}: the name {host} does not resolve.") from None
    networks = tuple(str(ipaddress.ip_network(address.partition("%")[0])) for address in addresses)
    return ChosenCluster(kubeconfig.absolute(), networks, is_sandbox=False)
