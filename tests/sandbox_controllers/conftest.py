"""Controllers over a store in memory: no server, no disk, simulated seconds a hundred times faster."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from slipway.sandbox import controllers
from slipway.sandbox.controllers.descent import controller_uid
from slipway.sandbox.store import Manifest, Manifests, Store

NAMESPACE = "shop"
SPEED = 100.0


@dataclass(frozen=True, slots=True)
class World:
    store: Store

    def make(self, manifest: Manifest) -> Manifest:
        metadata = {"namespace": NAMESPACE, **manifest["metadata"]}
        return self.store.create({**manifest, "metadata": metadata})

    def get(self, kind: str, name: str, group: str = "apps") -> Manifest:
        found = self.store.get((group, kind), NAMESPACE, name)
        assert found is not None
        return found

    def edit(self, obj: Manifest, **spec: Any) -> Manifest:
        live = self.store.find(obj["metadata"]["uid"])
        assert live is not None
        return self.store.put({**live, "spec": {**live["spec"], **spec}})

    def children(self, owner: Manifest, kind: str, group: str = "apps") -> Manifests:
        uid = owner["metadata"]["uid"]
        return [one for one in self.store.list((group, kind), NAMESPACE) if controller_uid(one) == uid]

    def pods(self) -> Manifests:
        return self.store.list(("", "Pod"), NAMESPACE)

    def events(self, reason: str) -> Manifests:
        return [one for one in self.store.list(("", "Event"), NAMESPACE) if one["reason"] == reason]

    async def until(self, found: Callable[[], Any], *, seconds: float = 5.0) -> Any:
        end = time.monotonic() + seconds
        while not (answer := found()):
            if time.monotonic() > end:
                raise AssertionError(f"not within {seconds} s; last: {answer!r}")
            await asyncio.sleep(0.005)
        return answer

    async def settled(self) -> None:
        """Until nothing was written for a while."""
        version, since = self.store.version, time.monotonic()
        while time.monotonic() - since < 0.1:
            await asyncio.sleep(0.01)
            if self.store.version != version:
                version, since = self.store.version, time.monotonic()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    store = Store(None)
    running = asyncio.create_task(controllers.run(store, speed=SPEED))
    await asyncio.sleep(0)
    store.create(
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": NAMESPACE},
            "spec": {"finalizers": ["kubernetes"]},
            "status": {"phase": "Active"},
        }
    )
    await asyncio.sleep(0.01)
    yield World(store)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def pod_template(name: str, image: str = "web:v1", **spec: Any) -> Manifest:
    """As the API server would have completed it."""
    return {
        "metadata": {"labels": {"app": name}},
        "spec": {
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 30,
            "containers": [{"name": "web", "image": image, "imagePullPolicy": "IfNotPresent"}],
            **spec,
        },
    }


def workload(kind: str, name: str = "web", image: str = "web:v1", **spec: Any) -> Manifest:
    pod = spec.pop("pod", {})
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": pod_template(name, image, **pod),
            "replicas": 3,
            **spec,
        },
    }
