from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import redis

from slipway.embedded.lifeline import tied_to_this_process
from slipway.engine.objects import Manifest
from tests.clusters import Place
from tests.people import (
    People,
    actor,
    make_application,
    make_cluster,
    make_environment,
    make_release,
    target_of,
)


def deployment(name: str, *, image: str = "registry.example/web:1", replicas: int = 1) -> Manifest:
    labels = {"app": name}
    container = {"name": "web", "image": image}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


@dataclass(slots=True)
class Shop:
    """A rollout of a target in the place's namespace."""

    place: Any  # tests.clusters.Place, None where no cluster is asked
    cluster: Any
    target: Any
    rollout: Any
    organization_id: Any

    def mark(self, manifest: Manifest) -> Manifest:
        """As our own apply would send it."""
        from django.conf import settings

        from slipway.engine.manifests.prepare import OWNER
        from slipway.engine.objects import ObjectKey

        placed = self.place.placed(manifest)
        owner = f"{settings.INSTALLATION_ID}/{self.target.id}/{ObjectKey.of(placed)}"
        metadata = {**placed["metadata"], "annotations": {OWNER: owner}}
        return {**placed, "metadata": metadata}

    def row(self) -> Any:
        from apps.clusters.models import Cluster
        from apps.core import scopes

        with scopes.organization(self.organization_id):
            return Cluster.objects.get(id=self.cluster.id)

    def set_rollout(self, **values: Any) -> Any:
        from apps.core import scopes
        from apps.rollouts.models import Rollout

        with scopes.organization(self.organization_id):
            Rollout.objects.filter(id=self.rollout.id).update(**values)
            return Rollout.objects.get(id=self.rollout.id)


def make_rollout(people: People, place: Place | None = None) -> Shop:
    """One that was asked for; on a cluster that nobody answers for, when no place is given."""
    from apps.core import scopes
    from apps.rollouts.services.starting import start_rollout

    ana = actor(people.ana, people.acme)
    cluster = make_cluster(ana, place.kubeconfig_path.read_text()) if place else make_cluster(ana)
    application = make_application(ana)
    namespace = place.namespace if place else "shop"
    environment = make_environment(ana, "dev", [cluster], namespace_template=namespace)
    release = make_release(ana, application, "1.0.0", json.dumps(deployment("web")))
    target = target_of(ana, application, environment)
    with scopes.organization(people.acme.id):
        rollout = start_rollout(ana, target, release).rollout
    return Shop(place, cluster, target, rollout, people.acme.id)


@pytest.fixture
def shop(transactional_database: str, people: People, any_cluster: Place) -> Shop:
    made = make_rollout(people, any_cluster)
    made.set_rollout(phase="progressing")
    return made


@dataclass(slots=True)
class WatcherProcess:
    """A real `python -m slipway.watcher`; its lines are kept."""

    lines: list[str] = field(default_factory=list)
    process: subprocess.Popen[str] | None = None

    def start(self) -> WatcherProcess:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "slipway.watcher"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "slipway.settings.embedded",
                "SLIPWAY_CLUSTER_NETWORKS": "127.0.0.0/8",
            },
            preexec_fn=tied_to_this_process(signal.SIGKILL),  # noqa: PLW1509  it takes no lock
        )
        threading.Thread(target=self._read, daemon=True).start()
        return self

    def _read(self) -> None:
        assert self.process is not None
        assert self.process.stderr is not None
        with self.process.stderr as lines:
            self.lines.extend(lines)

    def count(self, word: str) -> int:
        return sum(word in line for line in self.lines)

    def until(self, word: str, *, times: int = 1, seconds: float = 15.0) -> None:
        until(lambda: self.count(word) >= times, seconds=seconds, what=lambda: "".join(self.lines[-40:]))

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(10)


@pytest.fixture
def watchers(valkey: str, transactional_database: str) -> Iterator[Callable[[], WatcherProcess]]:
    """Starts one; all are ended afterwards."""
    running: list[WatcherProcess] = []

    def start() -> WatcherProcess:
        running.append(WatcherProcess().start())
        return running[-1]

    with redis.Redis.from_url(f"{valkey}/2") as cache:
        cache.flushdb()
    yield start
    for watcher in running:
        watcher.end(signal.SIGKILL)


class Wakes:
    """What the watcher put into the worker's queue."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def clear(self, *, quiet_seconds: float = 0.7) -> None:
        """Waits until nothing more comes."""
        while self._client.brpop(["slipway"], timeout=quiet_seconds):
            pass

    def next(self, *, seconds: float = 10.0) -> dict[str, Any] | None:
        end = time.monotonic() + seconds
        # A second at a time: the client takes a longer silence for a dead server.
        while not (found := self._client.brpop(["slipway"], timeout=min(seconds, 1.0))):
            if time.monotonic() > end:
                return None
        message = json.loads(found[1])
        arguments = json.loads(base64.b64decode(message["body"]))[1]
        return {"task": message["headers"]["task"], **arguments}

    def pending(self) -> int:
        return int(self._client.llen("slipway"))


@pytest.fixture
def wakes(valkey: str) -> Iterator[Wakes]:
    with redis.Redis.from_url(f"{valkey}/0") as client:
        client.flushdb()
        yield Wakes(client)
        client.flushdb()


def until(found: Callable[[], Any], *, seconds: float = 15.0, what: Callable[[], str] = str) -> Any:
    end = time.monotonic() + seconds
    while not (answer := found()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s:\n{what()}")
        time.sleep(0.05)
    return answer
