"""A pod's output behind `ports.logs`: read as it comes, cut into lines, and masked before it leaves."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError

from slipway.adapters.kubernetes.errors import parsed, translate
from slipway.adapters.kubernetes.paths import segment
from slipway.adapters.kubernetes.transport import Transport
from slipway.engine.masking import SHORTEST, Masker
from slipway.engine.objects import Manifest, uid_of
from slipway.ports.clusters import ClusterError
from slipway.ports.logs import LogContainer, LogLine, LogPod

MOST_READ = 16_384  # bytes of a line; what comes after them is dropped
MOST_SHOWN = 8_192  # characters, after masking: no secret is cut in two and then not recognised
MOST_SECRETS = 40
_SEAM = 512  # of a line that was too long: a secret may have been cut in two there
# The namespace's name and the cluster's CA are in every such Secret, and in many an innocent line.
_PUBLIC = {"kubernetes.io/service-account-token": frozenset({"namespace", "ca.crt"})}
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) ?")
_PARTS = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)")


class KubernetesLogs:
    def __init__(self, transport: Transport, namespace: str, name: str, uid: str) -> None:
        self._transport = transport
        self._path = f"/api/v1/namespaces/{segment(namespace)}/pods/{segment(name)}"
        self._secrets_path = f"/api/v1/namespaces/{segment(namespace)}/secrets/"
        self._name, self._uid = name, uid
        self._values: frozenset[str] | None = None
        self._unread: tuple[str, ...] = ()

    def pod(self) -> LogPod | None:
        status, body = self._transport.call("GET", self._path)
        if status == 404:
            return None
        if status != 200:
            raise translate(status, body, what=f"Pod {self._name}")
        pod: Manifest = parsed(body)
        if self._uid and uid_of(pod) != self._uid:
            return None
        if self._values is None:
            self._values, self._unread = self._read_secrets(secrets_of(pod))
        return LogPod(
            uid=uid_of(pod),
            node=(pod.get("spec") or {}).get("nodeName", ""),
            containers=containers_of(pod),
            known_values=len(self._values),
            unread_secrets=self._unread,
        )

    def lines(
        self,
        container: str,
        *,
        previous: bool = False,
        tail: int | None = None,
        since: str = "",
        follow: bool = False,
        idle_seconds: float = 60.0,
    ) -> KubernetesLogStream:
        if self._values is None:
            self.pod()
        query = {
            "container": container,
            "timestamps": "true",
            "follow": "true" if follow else "",
            "previous": "true" if previous else "",
            "tailLines": tail,
            "sinceTime": since,
        }
        status, response = self._transport.open(f"{self._path}/log", query=query, idle_seconds=idle_seconds)
        if status != 200:
            body = response.read(65536)
            response.close()
            raise translate(status, body, what=f"Pod {self._name}")
        return KubernetesLogStream(response, Masker(self._values or ()), since=since)

    def _read_secrets(self, names: Sequence[str]) -> tuple[frozenset[str], tuple[str, ...]]:
        """The one place that sees a Secret's values as they are: for not showing them."""
        values: set[str] = set()
        unread = list(names[MOST_SECRETS:])
        for name in names[:MOST_SECRETS]:
            try:
                status, body = self._transport.call("GET", f"{self._secrets_path}{segment(name)}")
            except ClusterError:
                unread.append(name)
                continue
            if status == 404:
                continue  # an optional one that is not there
            if status != 200:
                unread.append(name)
                continue
            values.update(_values(parsed(body)))
        return frozenset(values), tuple(unread)


class KubernetesLogStream:
    def __init__(self, response: urllib3.BaseHTTPResponse, masker: Masker, *, since: str) -> None:
        self._response = response
        self._masker = masker
        self._since = order(since) if since else None

    def __iter__(self) -> Iterator[LogLine]:
        rest, too_long = b"", 0
        try:
            while chunk := self._response.read1(65536):
                *whole, rest = (rest + chunk).split(b"\n")
                for line in whole:
                    yield from self._line(line[:MOST_READ], too_long + max(0, len(line) - MOST_READ))
                    too_long = 0
                if len(rest) > MOST_READ:
                    too_long += len(rest) - MOST_READ
                    rest = rest[:MOST_READ]
            if rest:
                yield from self._line(rest, too_long)
        except (HTTPError, OSError, ValueError):
            return  # it was cut, fell silent, or was closed by whoever no longer wants it
        finally:
            self.close()

    def close(self) -> None:
        with suppress(Exception):
            self._response.shutdown()  # wakes a thread that reads; closing alone does not
        with suppress(Exception):
            self._response.close()
        with suppress(Exception):
            self._response.release_conn()

    def _line(self, raw: bytes, too_long: int) -> Iterator[LogLine]:
        text = raw.decode("utf-8", "replace").rstrip("\r")
        moment = _MOMENT.match(text)
        at = moment[1] if moment else ""
        if self._since and at and order(at) <= self._since:
            return  # servers count from the whole second
        masked = self._masker.line(text[moment.end() :] if moment else text)
        if too_long:
            masked = masked[:-_SEAM]
        cut = max(0, len(masked) - MOST_SHOWN)
        yield LogLine(at, masked[:MOST_SHOWN], cut + too_long)


def containers_of(pod: Manifest) -> tuple[LogContainer, ...]:
    """Those that do the work first, in the pod's order."""
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    found = []
    for kind, named, told in (
        ("", "containers", "containerStatuses"),
        ("init", "initContainers", "initContainerStatuses"),
        ("debug", "ephemeralContainers", "ephemeralContainerStatuses"),
    ):
        known = {entry.get("name"): entry for entry in status.get(told) or ()}
        found += [_container(item, kind, known.get(item["name"]) or {}) for item in spec.get(named) or ()]
    return tuple(found)


def _container(item: Mapping[str, Any], kind: str, told: Mapping[str, Any]) -> LogContainer:
    state = told.get("state") or {}
    restarts = int(told.get("restartCount", 0))
    last = (told.get("lastState") or {}).get("terminated")
    if "running" in state:
        words = "running"
    elif ended := state.get("terminated"):
        words = _ended(ended)
    elif waiting := state.get("waiting"):
        words = f"waiting: {waiting.get('reason', 'not started')}"
    else:
        words = "not started"
    if restarts:
        words += f", {restarts} restart{'' if restarts == 1 else 's'}"
    return LogContainer(
        name=str(item["name"]),
        kind=kind,
        words=words,
        image=str(item.get("image", "")),
        running="running" in state,
        restarts=restarts,
        has_previous=last is not None,
    )


def _ended(ended: Mapping[str, Any]) -> str:
    if ended.get("reason") == "OOMKilled":
        return "killed: out of memory"
    code = ended.get("exitCode", 0)
    return "completed" if code == 0 else f"ended with exit code {code}"


def secrets_of(pod: Manifest) -> tuple[str, ...]:
    """Of whatever its containers are given: by environment, as a whole, or as files."""
    spec = pod.get("spec") or {}
    names: set[str] = set()
    for kind in ("containers", "initContainers", "ephemeralContainers"):
        for container in spec.get(kind) or ():
            for entry in container.get("env") or ():
                names.add(((entry.get("valueFrom") or {}).get("secretKeyRef") or {}).get("name", ""))
            for entry in container.get("envFrom") or ():
                names.add((entry.get("secretRef") or {}).get("name", ""))
    for volume in spec.get("volumes") or ():
        names.add((volume.get("secret") or {}).get("secretName", ""))
        for source in (volume.get("projected") or {}).get("sources") or ():
            names.add((source.get("secret") or {}).get("name", ""))
    return tuple(sorted(name for name in names if name))


def _values(secret: Manifest) -> Iterator[str]:
    public = _PUBLIC.get(secret.get("type", ""), frozenset())
    for name, encoded in (secret.get("data") or {}).items():
        if name in public:
            continue
        with suppress(ValueError):
            value = base64.b64decode(str(encoded)).decode("utf-8", "replace")
            if len(value.strip()) >= SHORTEST:
                yield value


def order(moment: str) -> tuple[float, str]:
    """For comparing moments as servers write them: fractions without their last zeros, zones as the node has them."""
    found = _PARTS.fullmatch(moment)
    if found is None:
        return 0.0, moment
    whole = datetime.fromisoformat(found[1] + found[3].replace("Z", "+00:00"))
    return whole.timestamp(), (found[2] or "").ljust(9, "0")
