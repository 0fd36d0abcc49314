"""From a change on the cluster to every viewer's websocket, against the bare relay of the same change."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from slipway.adapters.kubernetes import KubernetesClusters
from slipway.adapters.kubernetes.transport import Transport
from slipway.embedded import loopback
from tests.benchmarks.results import Result, percentile
from tests.stacks.stack import CHECKOUT, RunningStack
from tests.stacks.yard import kubectl, ok

CHANGES = 30
_MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: watched}
spec:
  replicas: 2
  selector: {matchLabels: {app: watched}}
  template:
    metadata: {labels: {app: watched}}
    spec: {containers: [{name: web, image: "registry.local/web:v1"}]}
"""


def measure(stack: RunningStack, *, viewers: tuple[int, ...] = (1, 100, 500)) -> list[Result]:
    rollout = a_rollout_that_bakes(stack)
    name = some_pod(stack)
    results: list[Result] = []
    with relay(stack) as port, pod_status(stack) as set_restarts:
        for count in viewers:
            change = partial(set_restarts, name)
            ours, theirs = asyncio.run(_changes(stack, rollout, change, port, count))
            for label, share in (("p50", 0.5), ("p99", 0.99)):
                mine, plain = percentile(ours, share), percentile(theirs, share)
                if count == 1:
                    added = Result(
                        f"cluster change to 1 viewer, added time {label}",
                        (mine - plain) * 1000,
                        "ms",
                        note=f"{mine * 1000:.0f} ms, relay {plain * 1000:.0f} ms",
                    )
                    results.append(added)
                    continue
                results.append(
                    Result(
                        f"cluster change to {count} viewers, {label}",
                        mine * 1000,
                        "ms",
                        plain * 1000,
                        "ratio ≤ 3",
                        mine <= 3 * plain,
                    )
                )
    with stack.client() as api:
        ok(api.post(f"rollouts/{rollout}/stop/", json={}))
    return results


def some_pod(stack: RunningStack, name: str = "watched") -> str:
    listed = kubectl(stack, "get", "pods", "--namespace", f"{name}-{name}", "--output", "json")
    return str(json.loads(listed)["items"][0]["metadata"]["name"])


async def audience_of_the_relay(port: int, count: int) -> _Audience:
    audience = _Audience(count)
    await audience.come(f"ws://127.0.0.1:{port}/", {}, _restarts_in_relay)
    return audience


def a_rollout_that_bakes(stack: RunningStack, name: str = "watched") -> str:
    """One that stands, and whose pods are shown, for as long as anybody measures."""
    with stack.client() as api:
        place = {
            "slug": name,
            "clusters": ["bench"],
            "delivery_mode": "manual",
            "bake_seconds": 3600,
        }
        ok(api.post("environments/", json=place))
        ok(api.post("applications/", json={"slug": name}))
        body = {"version": "v1", "manifests": _MANIFEST}
        ok(api.post(f"applications/{name}/releases/", json=body))
        wish = {"application": name, "environment": name, "release": "v1"}
        rollout = str(ok(api.post("rollouts/", json=wish))["id"])
        deadline = time.monotonic() + 60
        while ok(api.get(f"rollouts/{rollout}/"))["phase"] != "verifying":
            if time.monotonic() > deadline:
                raise AssertionError(ok(api.get(f"rollouts/{rollout}/")))
            time.sleep(0.1)
    return rollout


async def _changes(
    stack: RunningStack, rollout: str, change: Callable[[int], None], relay_port: int, count: int
) -> tuple[list[float], list[float]]:
    """Seconds from the sending of each change to its arrival at each viewer: Slipway's, the relay's."""
    head = stack_head(stack, rollout)
    mine = f"ws://127.0.0.1:{stack.port}/ws/organizations/acme/rollouts/{rollout}/?after={head}"
    headers = {"Authorization": f"Bearer {stack.tokens['ana']}"}
    ours = _Audience(count)
    await ours.come(mine, headers, _restarts_in_event)
    theirs = await audience_of_the_relay(relay_port, count)
    try:
        for number in range(CHANGES):
            mark = 1000 + count * 100 + number
            begun = time.monotonic()
            await asyncio.to_thread(change, mark)
            await ours.all_saw(mark, begun)
            await theirs.all_saw(mark, begun)
            await asyncio.sleep(0.25)
    finally:
        await ours.go()
        await theirs.go()
    return ours.seconds, theirs.seconds


def stack_head(stack: RunningStack, rollout: str) -> int:
    with stack.client() as api:
        return int(ok(api.get(f"rollouts/{rollout}/"))["event_number"])


class _Audience:
    def __init__(self, count: int) -> None:
        self.count = count
        self.seconds: list[float] = []
        self._seen: dict[int, list[float]] = {}
        self._sockets: list[ClientConnection] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._arrived = asyncio.Event()

    async def come(self, address: str, headers: dict[str, str], marks: Any) -> None:
        """A viewer of Slipway is there once it was greeted: before that its rights are looked up."""
        for _ in range(self.count):
            socket = await connect(address, additional_headers=headers, compression=None, proxy=None)
            if headers:
                assert json.loads(await socket.recv())["type"] == "hello"
            self._sockets.append(socket)
            self._tasks.append(asyncio.create_task(self._listen(socket, marks)))

    async def _listen(self, socket: ClientConnection, marks: Any) -> None:
        async for text in socket:
            now = time.monotonic()
            for mark in marks(json.loads(text)):
                self._seen.setdefault(mark, []).append(now)
                if len(self._seen[mark]) >= self.count:
                    self._arrived.set()

    async def all_saw(self, mark: int, begun: float) -> None:
        deadline = time.monotonic() + 20
        while len(self._seen.get(mark, ())) < self.count:
            if time.monotonic() > deadline:
                raise AssertionError(f"{len(self._seen.get(mark, ()))} of {self.count} saw change {mark}")
            self._arrived.clear()
            try:
                await asyncio.wait_for(self._arrived.wait(), 0.2)
            except TimeoutError:
                continue
        self.seconds += [moment - begun for moment in self._seen[mark]]

    async def go(self) -> None:
        for socket in self._sockets:
            await socket.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _restarts_in_event(frame: dict[str, Any]) -> list[int]:
    pods = frame.get("body", {}).get("pods", {}) if frame.get("type") == "event" else {}
    return [pod["restarts"] for pod in pods.values()]


def _restarts_in_relay(frame: dict[str, Any]) -> list[int]:
    return [frame["restarts"]]


@contextmanager
def pod_status(stack: RunningStack, name: str = "watched") -> Iterator[Any]:
    """One kept connection: a kubectl per change would add its own start to both sides."""
    clusters = KubernetesClusters(networks=("127.0.0.0/8",), redaction_key=b"bench")
    access = clusters.parse_kubeconfig(stack.kubeconfig.read_text())
    transport = Transport(access, ("127.0.0.1",))

    def set_restarts(pod: str, count: int) -> None:
        """A change that both sides show and that no controller puts back."""
        status, body = transport.call(
            "PATCH",
            f"/api/v1/namespaces/{name}-{name}/pods/{pod}/status",
            body=[{"op": "replace", "path": "/status/containerStatuses/0/restartCount", "value": count}],
            content_type="application/json-patch+json",
        )
        assert status == 200, body

    try:
        yield set_restarts
    finally:
        transport.close()


@contextmanager
def relay(stack: RunningStack, name: str = "watched") -> Iterator[int]:
    port = loopback.free_port()
    address = stack.environment()["SLIPWAY_REDIS_URL"] + "/5"
    commands = (
        ["watch", str(stack.kubeconfig), f"{name}-{name}", address],
        ["serve", str(port), address],
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.relay", *command],
            cwd=CHECKOUT,
            env=stack.environment(),
            stdout=subprocess.PIPE,
        )
        for command in commands
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
        yield port
    finally:
        for process in processes:
            process.kill()
            process.wait()
