"""A pod's simulated life: pulling, starting, probing, crashing, ending. Goes on from the status that it finds."""

from __future__ import annotations

import asyncio
import zlib
from copy import deepcopy

from slipway.sandbox.controllers.conditions import with_condition
from slipway.sandbox.controllers.control import POD, Control
from slipway.sandbox.controllers.faults import Behaviour, Fault, behaviour
from slipway.sandbox.store import Manifest, Manifests

BY = "kubelet"
_FIRST_BACKOFF, _LONGEST_BACKOFF = 10.0, 300.0
_START_SECONDS = 0.1
_RUNS_SECONDS = 0.5  # what is meant to end does so after this
_CRASHES_SECONDS = 0.3
_READY_SECONDS = 0.2


class _Ended(Exception):
    """The pod is gone, or another one."""


class Life:
    def __init__(
        self, control: Control, pod: Manifest, *, address: str, pulled: set[tuple[str, str]]
    ) -> None:
        self._control, self._clock = control, control.clock
        self._pod = pod
        self._node = pod["spec"]["nodeName"]
        status = pod.get("status") or {}
        self._address = status.get("podIP") or address
        self._pulled = pulled
        node = control.store.get(("", "Node"), "", self._node) or {}
        addresses = (node.get("status") or {}).get("addresses") or [{"address": ""}]
        self._host = addresses[0]["address"]
        spec = pod["spec"]
        self._inits = self._entries(
            spec.get("initContainers") or [], status.get("initContainerStatuses") or []
        )
        self._mains = self._entries(spec["containers"], status.get("containerStatuses") or [])

    async def run(self) -> None:
        spec = self._pod["spec"]
        try:
            self._publish()
            async with asyncio.TaskGroup() as beside:
                for container in spec.get("initContainers") or ():
                    entry = self._inits[container["name"]]
                    if container.get("restartPolicy") == "Always":
                        beside.create_task(self._container(container, entry, init=True))
                        await self._clock.sleep(_START_SECONDS)
                    elif not await self._container(container, entry, init=True):
                        return
                for container in spec["containers"]:
                    beside.create_task(self._container(container, self._mains[container["name"]]))
        except* _Ended:
            pass

    async def _container(self, container: Manifest, entry: Manifest, *, init: bool = False) -> bool:
        """Until it has ended for good; False when it failed and the pod's policy lets it be."""
        name, image = container["name"], container["image"]
        does = behaviour(self._pod, image)
        policy = self._pod["spec"].get("restartPolicy", "Always")
        if init:
            policy = container.get("restartPolicy") or ("OnFailure" if policy == "Always" else policy)
        ended = entry["state"].get("terminated")
        if ended and (policy == "Never" or (policy == "OnFailure" and ended["exitCode"] == 0)):
            return bool(ended["exitCode"] == 0)
        resumes = "running" in entry["state"]
        if not resumes:
            await self._pull(container, entry, does, init=init)
        while True:
            if not resumes:
                await self._start(container, entry, init=init)
            resumes = False
            code = await self._let_run(container, entry, does, policy, init=init)
            self._terminate(entry, code)
            self._publish()
            if policy == "Never" or (policy == "OnFailure" and code == 0):
                entry["ready"] = init and code == 0
                self._publish()
                return code == 0
            await self._back_off(container, entry, init=init)
            entry["restartCount"] += 1
            self._say("Normal", "Pulled", f'Container image "{image}" already present on machine', name, init)

    async def _pull(self, container: Manifest, entry: Manifest, does: Behaviour, *, init: bool) -> None:
        name, image = container["name"], container["image"]
        if does.fault is Fault.IMAGE_MISSING:
            await self._fail_to_pull(name, image, entry, init=init)
        always = container.get("imagePullPolicy") == "Always"
        if (self._node, image) in self._pulled and not always:
            self._say("Normal", "Pulled", f'Container image "{image}" already present on machine', name, init)
            return
        self._say("Normal", "Pulling", f'Pulling image "{image}"', name, init)
        seconds = 0.5 + (zlib.crc32(image.encode()) % 100) / 100
        await self._clock.sleep(seconds)
        self._pulled.add((self._node, image))
        words = f'Successfully pulled image "{image}" in {round(seconds * 1000)}ms'
        self._say("Normal", "Pulled", words, name, init)

    async def _fail_to_pull(self, name: str, image: str, entry: Manifest, *, init: bool) -> None:
        """For ever: every pull is refused, with the pauses of a real node in between."""
        told = (
            f'rpc error: code = NotFound desc = failed to pull and unpack image "{image}": failed to resolve '
            f'reference "{image}": {image}: not found'
        )
        pause = _FIRST_BACKOFF
        while True:
            self._say("Normal", "Pulling", f'Pulling image "{image}"', name, init)
            await self._clock.sleep(0.3)
            entry["state"] = {"waiting": {"reason": "ErrImagePull", "message": told}}
            self._say("Warning", "Failed", f'Failed to pull image "{image}": {told}', name, init)
            self._say("Warning", "Failed", "Error: ErrImagePull", name, init)
            self._publish()
            await self._clock.sleep(1.0)
            words = f'Back-off pulling image "{image}"'
            entry["state"] = {
                "waiting": {"reason": "ImagePullBackOff", "message": f"{words}: ErrImagePull: {told}"}
            }
            self._say("Normal", "BackOff", words, name, init)
            self._say("Warning", "Failed", "Error: ImagePullBackOff", name, init)
            self._publish()
            await self._clock.sleep(pause - 1.3)
            pause = min(pause * 2, _LONGEST_BACKOFF)

    async def _start(self, container: Manifest, entry: Manifest, *, init: bool) -> None:
        name = container["name"]
        self._say("Normal", "Created", f"Created container: {name}", name, init)
        await self._clock.sleep(_START_SECONDS)
        self._say("Normal", "Started", f"Started container {name}", name, init)
        digest = f"{zlib.crc32(container['image'].encode()):08x}" * 8
        entry.update(
            state={"running": {"startedAt": self._clock.stamp()}},
            started=not container.get("startupProbe"),
            ready=False,
            imageID=f"{container['image'].partition('@')[0]}@sha256:{digest}",
            containerID=f"simulated://{self._pod['metadata']['uid']}-{name}-{entry['restartCount']}",
        )
        self._publish()

    async def _let_run(
        self, container: Manifest, entry: Manifest, does: Behaviour, policy: str, *, init: bool
    ) -> int:
        """The exit code; a container that goes on for ever never returns."""
        if does.fault is Fault.CRASH_LOOP:
            await self._clock.sleep(_CRASHES_SECONDS)
            return 1
        if policy != "Always":
            await self._clock.sleep(max(_RUNS_SECONDS, does.seconds))
            return 1 if does.fault is Fault.FAILS else 0
        if does.fault is Fault.NEVER_READY:
            await self._never_ready(container, init=init)
        if not entry["ready"]:
            await self._clock.sleep(max(_probing_seconds(container), does.seconds))
            entry.update(ready=True, started=True)
            self._publish()
        if does.fault is Fault.FAILING_PROBE:
            return await self._fail_probe(container, entry, init=init)
        await asyncio.Event().wait()
        return 0

    async def _never_ready(self, container: Manifest, *, init: bool) -> None:
        probe = container.get("readinessProbe")
        if not probe:
            await asyncio.Event().wait()
            return
        await self._clock.sleep(float(probe.get("initialDelaySeconds", 0)))
        while True:
            words = "Readiness probe failed: HTTP probe failed with statuscode: 503"
            self._say("Warning", "Unhealthy", words, container["name"], init)
            await self._clock.sleep(float(probe.get("periodSeconds", 10)))

    async def _fail_probe(self, container: Manifest, entry: Manifest, *, init: bool) -> int:
        probe = container.get("livenessProbe") or {}
        for _ in range(int(probe.get("failureThreshold", 3))):
            await self._clock.sleep(float(probe.get("periodSeconds", 10)))
            words = "Liveness probe failed: HTTP probe failed with statuscode: 500"
            self._say("Warning", "Unhealthy", words, container["name"], init)
        words = f"Container {container['name']} failed liveness probe, will be restarted"
        self._say("Normal", "Killing", words, container["name"], init)
        entry["ready"] = False
        return 137

    def _terminate(self, entry: Manifest, code: int) -> None:
        started = (entry["state"].get("running") or {}).get("startedAt") or self._clock.stamp()
        terminated = {
            "exitCode": code,
            "reason": "Completed" if code == 0 else "Error",
            "startedAt": started,
            "finishedAt": self._clock.stamp(),
            "containerID": entry.get("containerID", ""),
        }
        entry.update(state={"terminated": terminated}, ready=False, started=False)

    async def _back_off(self, container: Manifest, entry: Manifest, *, init: bool) -> None:
        """The first restart comes at once, then ten seconds, and each time twice as long."""
        ended = entry["state"]["terminated"]
        count = entry["restartCount"]
        if count:
            pause = min(_FIRST_BACKOFF * 2 ** (count - 1), _LONGEST_BACKOFF)
            metadata = self._pod["metadata"]
            whole = f"{metadata['name']}_{metadata['namespace']}({metadata['uid']})"
            words = f"back-off {_duration(pause)} restarting failed container={container['name']} pod={whole}"
            entry["state"] = {"waiting": {"reason": "CrashLoopBackOff", "message": words}}
            entry["lastState"] = {"terminated": ended}
            self._publish()
            told = f"Back-off restarting failed container {container['name']} in pod {whole}"
            self._say("Warning", "BackOff", told, container["name"], init)
            await self._clock.sleep(pause)
        else:
            await self._clock.sleep(0.2)
        entry["lastState"] = {"terminated": ended}

    def _entries(self, containers: Manifests, known: Manifests) -> dict[str, Manifest]:
        by_name = {entry["name"]: deepcopy(entry) for entry in known}
        return {
            container["name"]: by_name.get(container["name"])
            or {
                "name": container["name"],
                "image": container["image"],
                "imageID": "",
                "restartCount": 0,
                "ready": False,
                "started": False,
                "state": {"waiting": {"reason": "ContainerCreating"}},
                "lastState": {},
            }
            for container in containers
        }

    def _publish(self) -> None:
        metadata = self._pod["metadata"]
        live = self._control.store.get(POD, metadata["namespace"], metadata["name"])
        if live is None or live["metadata"]["uid"] != metadata["uid"]:
            raise _Ended
        mains, inits = list(self._mains.values()), list(self._inits.values())
        phase = self._phase(mains, inits)
        status = {**(live.get("status") or {}), "phase": phase, "hostIP": self._host}
        status.setdefault("startTime", self._clock.stamp())
        if any("waiting" not in entry["state"] for entry in (*mains, *inits)):
            status.update(podIP=self._address, podIPs=[{"ip": self._address}])
        initialised = (
            all("terminated" in entry["state"] or entry["ready"] for entry in inits) or phase != "Pending"
        )
        if inits and not initialised:
            for entry in mains:
                if "waiting" in entry["state"]:
                    entry["state"] = {"waiting": {"reason": "PodInitializing"}}
        status["containerStatuses"] = deepcopy(mains)
        if inits:
            status["initContainerStatuses"] = deepcopy(inits)
        status["conditions"] = self._conditions(status, mains, inits, initialised=initialised)

        def edit(fresh: Manifest) -> None:
            fresh["status"] = status

        self._control.change(live, edit, subresource="status")

    def _phase(self, mains: Manifests, inits: Manifests) -> str:
        policy = self._pod["spec"].get("restartPolicy", "Always")
        codes = [(entry["state"].get("terminated") or {}).get("exitCode") for entry in mains]
        bad_init = any((entry["state"].get("terminated") or {}).get("exitCode") for entry in inits)
        if policy == "Never" and bad_init:
            return "Failed"
        if policy != "Always" and all(code is not None for code in codes):
            if not any(codes):
                return "Succeeded"
            if policy == "Never":
                return "Failed"
        started = any("waiting" not in entry["state"] or entry["restartCount"] for entry in mains)
        waits = any(
            "waiting" in entry["state"] and not entry["restartCount"] and not entry["lastState"]
            for entry in mains
        )
        return "Running" if started and not waits else "Pending"

    def _conditions(
        self, status: Manifest, mains: Manifests, inits: Manifests, *, initialised: bool
    ) -> Manifests:
        found: Manifests = [deepcopy(entry) for entry in status.get("conditions") or ()]
        unready = [entry["name"] for entry in mains if not entry["ready"]]
        over = status["phase"] in ("Succeeded", "Failed")
        not_ready = ("ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]")
        reason, message = ("", "") if not unready else not_ready
        if over:
            reason, message = ("PodCompleted" if status["phase"] == "Succeeded" else "PodFailed", "")
        waiting = [
            entry["name"] for entry in inits if "terminated" not in entry["state"] and not entry["ready"]
        ]
        lacks = ("ContainersNotInitialized", f"containers with incomplete status: [{' '.join(waiting)}]")
        ready = "False" if unready or over else "True"
        for kind, value, words in (
            ("Initialized", "True" if initialised else "False", ("", "") if initialised else lacks),
            ("Ready", ready, (reason, message)),
            ("ContainersReady", ready, (reason, message)),
            ("PodScheduled", "True", ("", "")),
        ):
            found = with_condition(_filled(found), self._clock, kind, value, *words)
        return [{key: value for key, value in entry.items() if value != ""} for entry in found]

    def _say(self, kind: str, reason: str, message: str, container: str, init: bool) -> None:
        part = "initContainers" if init else "containers"
        tell = self._control.events.normal if kind == "Normal" else self._control.events.warning
        tell(self._pod, reason, message, by=BY, host=self._node, field=f"spec.{part}{{{container}}}")


def _filled(conditions: Manifests) -> Manifests:
    """Empty words are left out in a status, but compared."""
    return [{"reason": "", "message": "", **entry} for entry in conditions]


def _probing_seconds(container: Manifest) -> float:
    delays = [
        float((container.get(probe) or {}).get("initialDelaySeconds", 0))
        for probe in ("startupProbe", "readinessProbe")
    ]
    return max(_READY_SECONDS, *delays)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
