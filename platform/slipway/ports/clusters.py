"""What Slipway needs of a cluster, in its own words. Every call ends within `CALL_DEADLINE_SECONDS`.

Adapters translate a server's answer into the values and errors below and never let a Secret's content
into an error's text: about a Secret, path and class only (KUBERNETES 16 in the design notes).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from slipway.engine.objects import Manifest, ObjectKey
from slipway.ports.logs import Logs

CALL_DEADLINE_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class ServedKind:
    """One kind as discovery reports it; `version` is the group's preferred one that serves the kind."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    versions: tuple[str, ...] = ()
    verbs: frozenset[str] = frozenset()

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    version: str  # "v1.20.2"
    minor: int  # 20
    kinds: Mapping[tuple[str, str], ServedKind]  # by (group, kind)
    simulated: bool  # the sandbox says so of itself

    def serves(self, group: str, kind: str) -> bool:
        return (group, kind) in self.kinds


class Propagation(StrEnum):
    BACKGROUND = "Background"
    FOREGROUND = "Foreground"
    ORPHAN = "Orphan"


@dataclass(frozen=True, slots=True)
class Precondition:
    """The object the caller saw. `resource_version` None asks for the uid alone."""

    uid: str
    resource_version: str | None = None


class ClusterError(Exception):
    """Base of what a cluster call can end with. `sentence` is fit to be shown and stored."""

    def __init__(self, sentence: str, *, status: int = 0, reason: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.status = status
        self.reason = reason


# How servers say that a field is for an object's life; each kind has words of its own.
_IMMUTABLE = (
    "immutable",
    "may not change once set",
    "cannot change roleref",
    "updates to statefulset spec for fields other than",
)


class Unreachable(ClusterError):
    """No answer, or one that asks to come again (429, 502, 503, 504, time-out, connection refused). Retry."""


class Unauthorized(ClusterError):
    """401 or 403: the cluster knows us no more, or not for this. A person has to act."""


class Refused(ClusterError):
    """The server looked at it and said no (400, 422, a repeated 500, admission). Its own words in `sentence`;
    `causes` are (field path, message) pairs, empty for a Secret's values."""

    def __init__(
        self, sentence: str, *, status: int = 0, reason: str = "", causes: Sequence[tuple[str, str]] = ()
    ) -> None:
        super().__init__(sentence, status=status, reason=reason)
        self.causes = tuple(causes)

    @property
    def immutable(self) -> bool:
        """422 on a field that cannot be changed: the plan's verb becomes `replace`."""
        text = f"{self.sentence} {self.causes}".lower()
        return self.status == 422 and any(sign in text for sign in _IMMUTABLE)


class OwnedByOthers(ClusterError):
    """409 of a server-side apply without force: `owners` are (manager, field path) pairs."""

    def __init__(self, sentence: str, *, owners: Sequence[tuple[str, str]]) -> None:
        super().__init__(sentence, status=409, reason="Conflict")
        self.owners = tuple(owners)


class Stale(ClusterError):
    """409 because uid or resourceVersion is no longer what the caller saw."""


class NotServed(ClusterError):
    """Discovery reports no such kind."""


class NamespaceMissing(ClusterError):
    """404 of a namespaced write because the namespace is not there (yet)."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a target's objects look like at one moment.

    `objects` holds each asked-for key, None where absent. `children` are ReplicaSets, ControllerRevisions,
    Jobs and Pods that descend from them by ownerReferences; `events` are core Events about any of these,
    newest last. Secrets arrive with their values replaced by digests (`adapters.kubernetes.secrets`).
    """

    objects: Mapping[ObjectKey, Manifest | None]
    children: tuple[Manifest, ...] = ()
    events: tuple[Manifest, ...] = ()


AsksForEvents = Callable[[Mapping[ObjectKey, Manifest | None], Sequence[Manifest]], bool]


def always(objects: Mapping[ObjectKey, Manifest | None], children: Sequence[Manifest]) -> bool:
    return True


class WatchKind(StrEnum):
    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"
    BOOKMARK = "BOOKMARK"


@dataclass(frozen=True, slots=True)
class WatchEvent:
    kind: WatchKind
    object: Manifest
    resource_version: str


class WatchExpired(ClusterError):
    """410: the resourceVersion is too old. List again."""


@dataclass(frozen=True, slots=True)
class Listing:
    items: tuple[Manifest, ...]
    resource_version: str


@dataclass(frozen=True, slots=True)
class Access:
    """Credentials of one cluster, as our own parser left them (never a kubeconfig).

    `addresses` pins the server's host name: the connection goes to one of them, TLS is still checked against
    the name in `server`.
    """

    server: str
    ca_pem: str | None = None
    token: str | None = field(default=None, repr=False)
    client_certificate_pem: str | None = field(default=None, repr=False)
    client_key_pem: str | None = field(default=None, repr=False)
    addresses: tuple[str, ...] = ()


class Cluster(Protocol):
    """One cluster, reached with one set of credentials. Thread-safe; one connection pool."""

    def facts(self, *, refresh: bool = False) -> ClusterFacts: ...

    def read(self, key: ObjectKey) -> Manifest | None:
        """None for 404 of the object; NotServed for a kind that discovery does not report."""

    def list(
        self,
        group: str,
        kind: str,
        *,
        namespace: str = "",
        label_selector: str = "",
        metadata_only: bool = False,
    ) -> Listing:
        """All pages of it. Namespace "" is the whole cluster. `metadata_only` asks for metadata alone; a server
        that cannot answers whole objects."""

    def apply(
        self,
        manifest: Manifest,
        *,
        manager: str,
        force: bool = False,
        dry_run: bool = False,
        precondition: Precondition | None = None,
    ) -> Manifest:
        """Server-side apply; answers the object as the server has (or would have) it.

        With `precondition` the uid (and resourceVersion) travel in the object, so an object that is gone or
        another one is Stale, never created again.
        """

    def create(self, manifest: Manifest, *, manager: str, dry_run: bool = False) -> Manifest:
        """POST; Stale when it exists."""

    def delete(
        self,
        key: ObjectKey,
        *,
        precondition: Precondition | None,
        propagation: Propagation,
        dry_run: bool = False,
    ) -> bool:
        """False when it was not there. Never returns before the server has accepted it."""

    def patch_json(
        self, key: ObjectKey, operations: Sequence[Mapping[str, Any]], *, manager: str
    ) -> Manifest: ...

    def observe(self, keys: Sequence[ObjectKey], *, asks_for_events: AsksForEvents = always) -> Snapshot:
        """Reads by LIST per (kind, namespace), so the cost grows with kinds and not with objects. Events are read
        where `asks_for_events` says so of the objects and their children."""

    def watch(
        self,
        group: str,
        kind: str,
        *,
        namespace: str = "",
        resource_version: str,
        timeout_seconds: int = 60,
        metadata_only: bool = False,
    ) -> Iterator[WatchEvent]:
        """Ends by itself after the timeout; WatchExpired on 410. Closing the iterator closes the connection."""

    def logs(
        self,
        namespace: str,
        pod: str,
        *,
        container: str = "",
        tail_lines: int = 200,
        previous: bool = False,
        limit_bytes: int = 262_144,
    ) -> str: ...

    def logs_of(self, namespace: str, pod: str, *, uid: str = "") -> Logs:
        """The pod's output, masked. With `uid`, of that pod alone and not of a later one of its name."""

    def close(self) -> None: ...


class Clusters(Protocol):
    """Where `Cluster`s come from; keeps one per (identifier, credentials)."""

    def connect(self, identifier: str, access: Access) -> Cluster: ...

    def parse_kubeconfig(self, text: str, *, context: str = "") -> Access:
        """Raises `BadKubeconfig` with one sentence that names what is refused."""


class BadKubeconfig(ValueError):
    """The sentence names the entry that is refused or missing."""
