"""The process itself: TLS, token, kill -9, restart, clean end."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import yaml

from slipway.engine.objects import Manifest, ObjectKey
from slipway.ports.clusters import ClusterError, WatchKind
from tests.clusters import SandboxProcess, connected


@pytest.fixture
def own_sandbox(tmp_path: Path) -> SandboxProcess:
    """One that may be killed."""
    process = SandboxProcess(speed=20, data=tmp_path)
    process.start()
    yield process  # type: ignore[misc]  # a generator fixture
    process.close()


def config_map(name: str) -> Manifest:
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "1"}}


def test_nothing_that_was_answered_is_lost_to_kill_9_and_versions_never_go_back(
    own_sandbox: SandboxProcess,
) -> None:
    cluster = connected(own_sandbox.kubeconfig_path)
    answered: dict[str, int] = {}

    def write() -> None:
        for number in range(100_000):
            try:
                made = cluster.create(config_map(f"n{number}"), manager="tests")
            except ClusterError:
                return
            answered[f"n{number}"] = int(made["metadata"]["resourceVersion"])

    writer = threading.Thread(target=write)
    writer.start()
    while len(answered) < 50:
        time.sleep(0.01)
    own_sandbox.kill()
    writer.join(20)
    own_sandbox.start()

    listing = cluster.list("", "ConfigMap", namespace="default")
    found = {str(one["metadata"]["name"]): int(one["metadata"]["resourceVersion"]) for one in listing.items}
    assert answered.items() <= found.items()
    assert int(listing.resource_version) >= max(answered.values())
    after = cluster.create(config_map("after"), manager="tests")
    assert int(after["metadata"]["resourceVersion"]) > max(answered.values())


def test_a_watch_resumes_over_a_restart(own_sandbox: SandboxProcess) -> None:
    cluster = connected(own_sandbox.kubeconfig_path)
    start = cluster.list("", "ConfigMap", namespace="default").resource_version
    cluster.create(config_map("before"), manager="tests")

    own_sandbox.kill()
    own_sandbox.start()
    events = cluster.watch("", "ConfigMap", namespace="default", resource_version=start, timeout_seconds=2)

    first = next(event for event in events if event.object["metadata"]["name"] == "before")
    assert first.kind is WatchKind.ADDED


def test_only_its_own_token_over_its_own_authority_gets_in(own_sandbox: SandboxProcess) -> None:
    kubeconfig = yaml.safe_load(own_sandbox.kubeconfig)
    server = kubeconfig["clusters"][0]["cluster"]["server"]
    context = ssl.create_default_context(cafile=str(own_sandbox.data / "pki" / "ca.crt"))

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{server}/version", context=context, timeout=5)  # noqa: S310  # loopback
    assert refused.value.code == 401
    assert json.loads(refused.value.read())["reason"] == "Unauthorized"
    refused.value.close()

    for path in (own_sandbox.kubeconfig_path, own_sandbox.data / "pki" / "server.key"):
        assert path.stat().st_mode & 0o077 == 0


def test_its_token_and_authority_stay_the_same_over_restarts(own_sandbox: SandboxProcess) -> None:
    before = own_sandbox.kubeconfig
    own_sandbox.restart()
    assert own_sandbox.kubeconfig == before


def test_sigterm_ends_it_cleanly_while_a_watch_is_open(tmp_path: Path) -> None:
    process = SandboxProcess(speed=20, data=tmp_path)
    process.start()
    cluster = connected(process.kubeconfig_path)
    start = cluster.list("", "ConfigMap").resource_version
    seen: list[object] = []
    watching = threading.Thread(
        target=lambda: seen.extend(cluster.watch("", "ConfigMap", resource_version=start, timeout_seconds=30))
    )
    watching.start()
    cluster.create(config_map("a"), manager="tests")
    held = process._process  # its exit code is what this is about
    assert held is not None

    begun = time.monotonic()
    os.kill(held.pid, signal.SIGTERM)
    code = held.wait(10)
    watching.join(10)

    assert code == 0
    assert time.monotonic() - begun < 3
    assert (tmp_path / "sandbox.log").read_text() == ""
    process.close()


def test_a_second_process_on_the_same_folder_is_told_so(own_sandbox: SandboxProcess) -> None:
    command = [sys.executable, "-m", "slipway.sandbox", "--data", str(own_sandbox.data), "--port", "1"]

    second = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)

    assert second.returncode == 1
    assert "in use by another sandbox" in second.stderr


def test_it_says_of_itself_that_it_is_a_simulation(own_sandbox: SandboxProcess) -> None:
    facts = connected(own_sandbox.kubeconfig_path).facts()

    assert (facts.version, facts.minor, facts.simulated) == ("v1.34.0+sandbox", 34, True)
    assert facts.kinds[("autoscaling", "HorizontalPodAutoscaler")].versions == ("v2", "v1")


def test_pod_logs_come_from_what_is_simulated(own_sandbox: SandboxProcess) -> None:
    cluster = connected(own_sandbox.kubeconfig_path)
    pod: Manifest = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": "default"},
        "spec": {"containers": [{"name": "a", "image": "a:1"}]},
    }
    deadline = time.monotonic() + 10
    while cluster.read(ObjectKey("", "ServiceAccount", "default", "default")) is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    cluster.create(pod, manager="tests")
    while time.monotonic() < deadline:
        live = cluster.read(ObjectKey("", "Pod", "default", "p"))
        if live is not None and live["status"]["phase"] == "Running":
            break
        time.sleep(0.02)

    assert "nothing really runs" in cluster.logs("default", "p")
