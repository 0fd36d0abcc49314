"""What Slipway needs of a cluster to show a container's output. Secrets are masked on the other side of this port: the
values that a pod is given are read there, and never come through.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class LogContainer:
    name: str
    kind: str  # "" for one that does the work, "init", "debug"
    words: str  # "running", "ended with exit code 1, 4 restarts"
    image: str
    running: bool
    restarts: int
    has_previous: bool  # the one before the last restart is still kept


@dataclass(frozen=True, slots=True)
class LogPod:
    """A pod as far as its output goes. `masks` may be opened once; it holds no more than is said here."""

    uid: str
    node: str
    containers: tuple[LogContainer, ...]
    known_values: int  # how many values of Secrets are masked by value
    unread_secrets: tuple[
        str, ...
    ]  # that the pod is given, and that we may not read: masked by their shape alone


@dataclass(frozen=True, slots=True)
class LogLine:
    at: str  # as the cluster wrote it, "" where it did not
    text: str  # masked
    cut: int = 0  # characters that were too many


class LogStream(Protocol):
    """Lines as they come; ends when the server ends it or nothing came for a while. One thread reads."""

    def __iter__(self) -> Iterator[LogLine]: ...

    def close(self) -> None:
        """From any thread, at any time, more than once: whoever reads is let go at once."""


class Logs(Protocol):
    """Of one pod. Every call but a stream's reading ends within the port's deadline; all raise ClusterError."""

    def pod(self) -> LogPod | None:
        """None: there is no such pod (any more), or another one of its name."""

    def lines(
        self,
        container: str,
        *,
        previous: bool = False,
        tail: int | None = None,
        since: str = "",
        follow: bool = False,
        idle_seconds: float = 60.0,
    ) -> LogStream:
        """`since` is a moment as a line carries it: lines up to it are left out."""
