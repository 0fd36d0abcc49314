"""Kill -9 in the middle of a rollout, and what must be true afterwards."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from slipway.adapters.kubernetes import KubernetesClusters
from slipway.engine.objects import ObjectKey
from slipway.ports.clusters import Cluster, Unreachable
from tests.chaos.harbour import WORKLOADS, manifests
from tests.stacks.stack import RunningStack
from tests.stacks.yard import add_cluster, ok

VICTIMS = ("worker", "watcher", "web", "beat", "valkey", "postgres", "sandbox", "abort-worker")
APPLICATION, ENVIRONMENT, NAMESPACE = "harbour", "dev", "harbour-dev"
_DEADLINE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Survived:
    seed: int
    victim: str
    after_seconds: float  # from the start of the rollout to the kill
    seconds: float  # from the start of the rollout to its end
    phase: str


class Yard:
    """One application on one stack, release after release."""

    def __init__(self, stack: RunningStack) -> None:
        self.stack = stack
        self.number = 0
        clusters = KubernetesClusters(networks=("127.0.0.0/8",), redaction_key=b"tests")
        access = clusters.parse_kubeconfig(stack.kubeconfig.read_text())
        self.cluster: Cluster = clusters.connect("chaos", access)

    def open(self) -> None:
        """The cluster, the environment and the application, and a first release that is live."""
        add_cluster(self.stack, "yard")
        with self.stack.client() as api:
            ok(
                api.post(
                    "environments/",
                    json={
                        "slug": ENVIRONMENT,
                        "clusters": ["yard"],
                        "delivery_mode": "manual",
                        "delete_limit": 50,
                    },
                )
            )
            ok(api.post("applications/", json={"slug": APPLICATION}))
        self.ended(self.begin())

    def begin(self) -> str:
        """The next release is made and started; answers the rollout's id."""
        self.number += 1
        version = f"v{self.number}"
        with self.stack.client() as api:
            body = {"version": version, "manifests": manifests(self.number)}
            ok(api.post(f"applications/{APPLICATION}/releases/", json=body))
            wish = {"application": APPLICATION, "environment": ENVIRONMENT, "release": version}
            return str(ok(api.post("rollouts/", json=wish))["id"])

    def ended(self, rollout: str, *, within_seconds: float = _DEADLINE_SECONDS) -> dict[str, Any]:
        """Asked again and again: the web process may be the one that was killed."""
        deadline = time.monotonic() + within_seconds
        seen: dict[str, Any] = {}
        while time.monotonic() < deadline:
            try:
                with self.stack.client() as api:
                    answer = api.get(f"rollouts/{rollout}/")
                    if answer.status_code == 200:
                        seen = answer.json()
                        if seen["ended_at"]:
                            return seen
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"not at its end within {within_seconds} s: {seen}")

    def events(self, rollout: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        with self.stack.client() as api:
            while True:
                after = found[-1]["number"] if found else 0
                page = ok(api.get(f"rollouts/{rollout}/events/", params={"after": after}))
                found += page["items"]
                if not page["items"] or found[-1]["number"] >= page["head"]:
                    return found

    def generations(self) -> dict[str, int]:
        return {name: int(self._deployment(name)["metadata"]["generation"]) for name in WORKLOADS}

    def replica_sets(self) -> set[str]:
        """By uid: after ten revisions the oldest of a workload goes when a new one comes."""
        found = self._ask(lambda: self.cluster.list("apps", "ReplicaSet", namespace=NAMESPACE)).items
        return {live["metadata"]["uid"] for live in found}

    def check_live(self) -> None:
        for name in WORKLOADS:
            live = self._deployment(name)
            container = live["spec"]["template"]["spec"]["containers"][0]
            assert container["image"] == f"registry.local/web:v{self.number}"
            assert live["status"]["readyReplicas"] == live["spec"]["replicas"]
            settings = self._read("", "ConfigMap", container["envFrom"][0]["configMapRef"]["name"])
            assert settings is not None
            assert settings["data"] == {"RELEASE": str(self.number)}
        odd = self._read("", "ConfigMap", "odd")
        assert (odd is not None) == bool(self.number % 2), "pruned objects are gone, added ones are there"

    def _deployment(self, name: str) -> dict[str, Any]:
        found = self._read("apps", "Deployment", name)
        assert found is not None
        return found

    def _read(self, group: str, kind: str, name: str) -> dict[str, Any] | None:
        found = self._ask(lambda: self.cluster.read(ObjectKey(group, kind, NAMESPACE, name)))
        return dict(found) if found is not None else None

    def _ask(self, question: Callable[[], Any]) -> Any:
        """The sandbox may be on its way up again."""
        deadline = time.monotonic() + 30
        while True:
            try:
                return question()
            except Unreachable:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)


def kill_in_the_middle(yard: Yard, *, seed: int, victim: str) -> Survived:
    """Starts the next release, kills the victim at a moment that the seed says, and checks the end."""
    moment = random.Random(seed).uniform(0.0, 2.5)
    before, sets = yard.generations(), yard.replica_sets()
    begun = time.monotonic()
    rollout = yard.begin()
    time.sleep(max(0.0, moment - (time.monotonic() - begun)))
    killed_after = time.monotonic() - begun
    yard.stack.kill(victim)
    ended = yard.ended(rollout)
    seconds = time.monotonic() - begun
    yard.stack.wait_until_ready()
    assert ended["phase"] == "succeeded", ended
    events = yard.events(rollout)
    assert [event["number"] for event in events] == list(range(1, len(events) + 1))
    phases = [event["body"]["phase"] for event in events if event["kind"] == "phase"]
    assert len(phases) == len(set(phases)), f"a phase was entered twice: {phases}"
    steps = [event["body"]["step"] for event in events if event["kind"] == "step-done"]
    assert len(steps) == len(set(steps)), f"a step was done twice: {steps}"
    assert {name: yard.generations()[name] - before[name] for name in before} == dict.fromkeys(before, 1)
    made = yard.replica_sets() - sets
    assert len(made) == len(WORKLOADS), (
        f"{len(made)} replica sets were made: each workload changes exactly once"
    )
    yard.check_live()
    return Survived(seed, victim, round(killed_after, 3), round(seconds, 3), str(ended["phase"]))
