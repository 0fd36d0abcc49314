"""One for all nodes: gives each placed pod a life, and ends it when the pod is deleted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator

from slipway.sandbox.controllers.control import POD, Control
from slipway.sandbox.controllers.life import Life
from slipway.sandbox.store import Key, Manifest, Missing, group_kind

log = logging.getLogger(__name__)

_STOP_SIMULATED_SECONDS = 0.3
_RETRY_SECONDS = 0.5


class Kubelet:
    name = "kubelet"

    def __init__(self, control: Control) -> None:
        self._control = control
        self._lives: dict[str, asyncio.Task[None]] = {}
        self._stops: dict[str, asyncio.Task[None]] = {}
        self._uids: dict[Key, str] = {}
        self._pulled: set[tuple[str, str]] = set()
        used = {(pod.get("status") or {}).get("podIP", "") for pod in control.store.list(POD)}
        self._addresses = _addresses(used)

    def concerns(self, change: str, obj: Manifest) -> Iterable[Key]:
        if group_kind(obj) == POD:
            if change == "DELETED":
                self._end(obj["metadata"]["uid"])
            yield (obj["metadata"]["namespace"], obj["metadata"]["name"])

    def reconcile(self, namespace: str, name: str) -> None:
        pod = self._control.store.get(POD, namespace, name)
        if pod is None or not pod["spec"].get("nodeName"):
            return
        uid = pod["metadata"]["uid"]
        ended = (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")
        if "deletionTimestamp" in pod["metadata"]:
            if uid not in self._stops:
                self._stops[uid] = asyncio.create_task(self._stop(pod, quick=ended), name=f"stop {name}")
                self._stops[uid].add_done_callback(lambda _: self._stops.pop(uid, None))
        elif not ended and uid not in self._lives and uid not in self._stops:
            self._lives[uid] = asyncio.create_task(self._live(pod), name=f"pod {name}")
            self._lives[uid].add_done_callback(lambda _: self._lives.pop(uid, None))

    async def stop(self) -> None:
        tasks = [*self._lives.values(), *self._stops.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _live(self, pod: Manifest) -> None:
        life = Life(self._control, pod, address=next(self._addresses), pulled=self._pulled)
        while True:
            try:
                await life.run()
            except Exception:
                log.exception("the simulated life of pod %s broke off; again", pod["metadata"]["name"])
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                return

    async def _stop(self, pod: Manifest, *, quick: bool) -> None:
        metadata = pod["metadata"]
        self._end(metadata["uid"])
        if not quick:
            for container in pod["spec"]["containers"]:
                self._control.events.normal(
                    pod,
                    "Killing",
                    f"Stopping container {container['name']}",
                    by="kubelet",
                    host=pod["spec"]["nodeName"],
                    field=f"spec.containers{{{container['name']}}}",
                )
            grace = float(metadata.get("deletionGracePeriodSeconds") or 0)
            await self._control.clock.sleep(min(grace, _STOP_SIMULATED_SECONDS))
        live = self._control.store.get(POD, metadata["namespace"], metadata["name"])
        if live is not None and live["metadata"]["uid"] == metadata["uid"]:
            try:
                self._control.store.delete(POD, metadata["namespace"], metadata["name"], grace=0)
            except Missing:
                return

    def _end(self, uid: str) -> None:
        if task := self._lives.pop(uid, None):
            task.cancel()


def _addresses(used: set[str]) -> Iterator[str]:
    """Round and round, in the first round past those that were given before a restart. They reach nothing."""
    while True:
        for third in range(256):
            for fourth in range(1, 255):
                address = f"10.88.{third}.{fourth}"
                if address not in used:
                    yield address
        used = set()
