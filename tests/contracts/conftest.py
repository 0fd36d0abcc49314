"""One suite, two clusters: a difference between the answers is a bug in the sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from slipway.adapters.kubernetes.transport import Transport
from tests.clusters import Place, SandboxProcess, connected, running_sandbox
from tests.contracts.raw import Raw


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxProcess]:
    """At speed 1: what is compared with a real cluster takes its real time."""
    with running_sandbox(speed=1) as process:
        yield process


@pytest.fixture
def raw(any_cluster: Place) -> Raw:
    """Requests that the port has no words for."""
    from slipway.adapters.kubernetes import kubeconfig

    access = kubeconfig.parse_kubeconfig(any_cluster.kubeconfig_path.read_text())
    connected(any_cluster.kubeconfig_path)
    return Raw(Transport(access, ("127.0.0.1",)), any_cluster.namespace)
