"""Clusters for tests: the sandbox, started once per worker, and the real one that SLIPWAY_TEST_KUBECONFIG names."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from slipway.adapters.kubernetes import KubernetesClusters
from slipway.embedded.lifeline import tied_to_this_process
from slipway.engine.objects import Manifest, ObjectKey
from slipway.ports.clusters import Cluster, ClusterError, Propagation

REDACTION_KEY = b"tests"
READY_SECONDS = 30.0


class SandboxProcess:
    """One sandbox with a folder of its own; its port and its data stay the same over `restart`."""

    def __init__(self, *, speed: float, data: Path | None = None, port: int | None = None) -> None:
        self._owned = data is None
        self.data = data or Path(tempfile.mkdtemp(prefix="slipway-sandbox-"))
        self.speed = speed
        self.port = port or _free_port()
        self.kubeconfig_path = self.data / "kubeconfig"
        self._process: subprocess.Popen[str] | None = None

    @property
    def kubeconfig(self) -> str:
        return self.kubeconfig_path.read_text()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        command = [sys.executable, "-m", "slipway.sandbox", "--data", str(self.data)]
        command += ["--port", str(self.port), "--speed", str(self.speed)]
        with (self.data / "sandbox.log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                preexec_fn=tied_to_this_process(signal.SIGTERM),  # noqa: PLW1509  it calls two system calls, prepared before the fork
            )
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        watchdog = threading.Timer(READY_SECONDS, self._process.kill)
        watchdog.start()
        try:
            for line in self._process.stdout:
                if line.startswith("sandbox ready"):
                    return
        finally:
            watchdog.cancel()
        code = self._process.wait()
        tail = (self.data / "sandbox.log").read_text()[-2000:]
        raise RuntimeError(f"The sandbox ended with {code} before it was ready:\n{tail}")

    def kill(self) -> None:
        """As `kill -9` does it: nothing is told, nothing is flushed."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def restart(self) -> None:
        """Starts it again on its data; ends it first where it still runs."""
        self.stop()
        self.start()

    def close(self) -> None:
        self.stop()
        if self._owned:
            shutil.rmtree(self.data, ignore_errors=True)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


@dataclass(frozen=True, slots=True)
class RealCluster:
    kubeconfig_path: Path

    @property
    def kubeconfig(self) -> str:
        return self.kubeconfig_path.read_text()


@contextlib.contextmanager
def running_sandbox(speed: float) -> Iterator[SandboxProcess]:
    process = SandboxProcess(speed=speed)
    try:
        process.start()
        yield process
    finally:
        process.close()


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxProcess]:
    """Its simulated delays divided by 20. A folder that wants another speed overrides this fixture."""
    with running_sandbox(speed=20) as process:
        yield process


@pytest.fixture(scope="session")
def real_cluster() -> RealCluster:
    """Tests that take it carry `@pytest.mark.cluster`."""
    return RealCluster(Path(os.environ["SLIPWAY_TEST_KUBECONFIG"]))


@dataclass(frozen=True, slots=True)
class Place:
    """A namespace of one's own on a cluster."""

    kind: str  # "sandbox" or "real"
    cluster: Cluster
    namespace: str
    kubeconfig_path: Path

    @property
    def minor(self) -> int:
        return self.cluster.facts().minor

    def key(self, kind: str, name: str, group: str = "") -> ObjectKey:
        return ObjectKey(group, kind, self.namespace, name)

    def placed(self, manifest: Manifest) -> Manifest:
        return {**manifest, "metadata": {**manifest["metadata"], "namespace": self.namespace}}

    def until(self, found: Callable[[], Any], *, seconds: float = 15.0, what: str = "") -> Any:
        """The first answer that is neither None nor False."""
        end = time.monotonic() + seconds
        while True:
            answer = found()
            if answer not in (None, False):
                return answer
            if time.monotonic() > end:
                raise AssertionError(f"not within {seconds} s: {what or found.__name__}; last: {answer!r}")
            time.sleep(0.05)

    def kubectl(
        self, *arguments: str, given: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                kubectl_path(),
                f"--kubeconfig={self.kubeconfig_path}",
                f"--namespace={self.namespace}",
                *arguments,
            ],
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=check,
            env={"PATH": os.environ.get("PATH", ""), "HOME": "/nonexistent", "KUBECTL_KUBERC": "false"},
        )


def kubectl_path() -> str:
    """The one that came with the locked packages, so that every machine tests with the same."""
    beside = Path(sys.executable).with_name("kubectl")
    return str(beside) if beside.exists() else shutil.which("kubectl") or "kubectl"


@pytest.fixture(params=["sandbox", pytest.param("real", marks=pytest.mark.cluster)])
def any_cluster(request: pytest.FixtureRequest) -> Iterator[Place]:
    """The same test on the sandbox and on the real control plane, each in a fresh namespace."""
    holder = request.getfixturevalue("sandbox" if request.param == "sandbox" else "real_cluster")
    with place_on(request.param, holder.kubeconfig_path) as place:
        yield place


@contextlib.contextmanager
def place_on(kind: str, kubeconfig_path: Path) -> Iterator[Place]:
    cluster = connected(kubeconfig_path)
    namespace = f"test-{secrets.token_hex(5)}"
    key = ObjectKey("", "Namespace", "", namespace)
    cluster.create(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}, manager="tests"
    )
    try:
        place = Place(kind, cluster, namespace, kubeconfig_path)
        # Before it is there, a pod is refused: its service account is missing.
        place.until(
            lambda: cluster.read(place.key("ServiceAccount", "default")), what="default ServiceAccount"
        )
        yield place
    finally:
        # Its end is not waited for: names are never used twice.
        with contextlib.suppress(ClusterError):
            cluster.delete(key, precondition=None, propagation=Propagation.BACKGROUND)


_clusters = KubernetesClusters(networks=("127.0.0.0/8",), redaction_key=REDACTION_KEY)


def connected(kubeconfig_path: Path) -> Cluster:
    """One connection pool per kubeconfig and worker."""
    access = _clusters.parse_kubeconfig(kubeconfig_path.read_text())
    return _clusters.connect(str(kubeconfig_path), access)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
