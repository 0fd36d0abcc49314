"""A container's output on its way to one viewer: read on a thread, kept in a buffer that has an end, sent as fast as the
viewer takes it. What does not fit is skipped and counted, never kept."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog

from slipway.ports.clusters import Cluster, ClusterError, Refused, Unauthorized
from slipway.ports.logs import LogContainer, LogLine, LogPod, Logs, LogStream

log = structlog.get_logger(__name__)

MOST_A_PERSON = 4
MOST_A_PROCESS = 32
MOST_LINES, MOST_CHARACTERS = 2_000, 400_000  # that wait for one viewer
BATCH_LINES, BATCH_CHARACTERS = 400, 64_000
_AGAIN_SECONDS = 2.0
_LONGEST_PAUSE_SECONDS = 15.0
_IDLE_SECONDS = 60.0


class Desk:
    """Threads of its own: a cluster that does not answer keeps only readers of logs waiting."""

    def __init__(self, most: int = MOST_A_PROCESS, most_a_person: int = MOST_A_PERSON) -> None:
        self._most, self._most_a_person = most, most_a_person
        self._threads = ThreadPoolExecutor(most, thread_name_prefix="log")
        self._lock = threading.Lock()
        self._open: Counter[UUID] = Counter()

    def __len__(self) -> int:
        return self._open.total()

    def begin(self, person: UUID, tail: Tail) -> str:
        """Why not, "" when it has begun. The place is free again when the thread is, not when the viewer goes."""
        with self._lock:
            if self._open[person] >= self._most_a_person:
                return f"You have {self._most_a_person} logs open, which is as many as one person may. Close one first."
            if self._open.total() >= self._most:
                return f"{self._most} logs are open on this server, which is as many as it follows. Try again soon."
            self._open[person] += 1
        self._threads.submit(self._carry_out, person, tail)
        return ""

    def end(self) -> None:
        self._threads.shutdown(wait=True)

    def _carry_out(self, person: UUID, tail: Tail) -> None:
        try:
            tail.read()
        except Exception:
            log.exception("log_not_read")
            tail.say("away", "Something went wrong here; it is written in the server's log.")
        finally:
            tail.close()
            with self._lock:
                self._open[person] -= 1
                if not self._open[person]:
                    del self._open[person]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which output, as the viewer asked for it."""

    namespace: str
    pod: str
    uid: str
    container: str = ""  # "": the first one
    previous: bool = False
    lines: int = 500


@dataclass(slots=True)
class Batch:
    skipped: int = 0
    lines: list[LogLine] = field(default_factory=list)
    said: list[dict[str, Any]] = field(default_factory=list)
    over: bool = False


class Tail:
    """`read` belongs to a thread of the desk; `take` and `close` to the loop."""

    def __init__(self, connect: Callable[[], Cluster], wanted: Wanted) -> None:
        self._connect, self.wanted = connect, wanted
        self._loop = asyncio.get_running_loop()
        self.awake = asyncio.Event()
        self._lock = threading.Lock()
        self._lines: deque[LogLine] = deque()
        self._characters = 0
        self._skipped = 0
        self._said: list[dict[str, Any]] = []
        self._state = ("", "")
        self._stream: LogStream | None = None
        self._closed = threading.Event()

    # On the thread

    def read(self) -> None:
        pause, since = _AGAIN_SECONDS, ""
        opened: tuple[Logs, str] | None = None
        while not self._closed.is_set():
            try:
                opened = opened or self._open()
                if opened is None:
                    return
                since = self._follow(*opened, since)
                if self._over(*opened):
                    return
                pause = _AGAIN_SECONDS
            except Unauthorized as error:
                self.say("refused", error.sentence)
                return
            except Refused as error:
                # The server's own words: a container that has not started, a kubelet that cannot be reached.
                self.say("waiting", error.sentence)
                if self.wanted.previous or error.status == 404:
                    return
            except ClusterError as error:
                self.say("away", f"The cluster does not answer: {error.sentence}")
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
            self._closed.wait(pause)

    def _open(self) -> tuple[Logs, str] | None:
        wanted = self.wanted
        logs = self._connect().logs_of(wanted.namespace, wanted.pod, uid=wanted.uid)
        pod = logs.pod()
        if pod is None:
            self.say("gone", "This pod is gone, and Kubernetes keeps no output of a pod that is gone.")
            return None
        chosen = _chosen(pod, wanted.container)
        self._tell(_pod_frame(pod, chosen.name if chosen else "", previous=wanted.previous))
        if chosen is None:
            self.say("refused", f"This pod has no container called {wanted.container}.")
            return None
        return logs, chosen.name

    def _follow(self, logs: Logs, container: str, since: str) -> str:
        """Until the stream ends. Answers the moment of the last line."""
        stream = logs.lines(
            container,
            previous=self.wanted.previous,
            tail=None if since else self.wanted.lines,
            since=since,
            follow=not self.wanted.previous,
            idle_seconds=_IDLE_SECONDS,
        )
        with self._lock:
            self._stream = stream
        if self._closed.is_set():
            stream.close()
            return since
        if not self.wanted.previous:
            self.say("following", "")
        try:
            for line in stream:
                self._put(line)
                since = line.at or since
        finally:
            stream.close()
        return since

    def _over(self, logs: Logs, container: str) -> bool:
        """A stream also ends when the server restarts, the file is turned over, or nothing was written for a while."""
        if self._closed.is_set():
            return True
        if self.wanted.previous:
            self.say("ended", "This is all that the container wrote before it was restarted.")
            return True
        pod = logs.pod()
        found = _chosen(pod, container) if pod else None
        if pod is None or found is None:
            self.say("gone", "The pod is gone; this is all it wrote that was seen.")
            return True
        if found.running:
            return False
        if found.words.startswith("waiting"):
            self.say("waiting", f"{found.name} is {found.words}.")
            return False
        self.say("ended", f"{found.name} {found.words}.")
        # A container that ended may be started again; an init container that completed is not.
        return found.words.startswith("completed")

    def say(self, state: str, words: str) -> None:
        """What becomes of the output, once."""
        if self._state != (state, words):
            self._state = (state, words)
            self._tell({"type": "state", "state": state, "words": words})

    def _tell(self, frame: dict[str, Any]) -> None:
        with self._lock:
            self._said.append(frame)
        self._wake()

    def _put(self, line: LogLine) -> None:
        with self._lock:
            self._lines.append(line)
            self._characters += len(line.text)
            while len(self._lines) > MOST_LINES or self._characters > MOST_CHARACTERS:
                self._characters -= len(self._lines.popleft().text)
                self._skipped += 1
        self._wake()

    def _wake(self) -> None:
        if not self.awake.is_set() and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.awake.set)

    # On the loop

    def take(self) -> Batch:
        """What goes out next: what was skipped stands before what is left."""
        batch = Batch()
        with self._lock:
            batch.said, self._said = self._said, []
            batch.skipped, self._skipped = self._skipped, 0
            size = 0
            while self._lines and len(batch.lines) < BATCH_LINES and size < BATCH_CHARACTERS:
                line = self._lines.popleft()
                size += len(line.text)
                batch.lines.append(line)
            self._characters -= size
            batch.over = self._closed.is_set() and not self._lines
        if self._lines:
            self.awake.set()
        return batch

    def close(self) -> None:
        """From anywhere: the thread is let go at once, wherever it waits."""
        self._closed.set()
        with self._lock:
            stream = self._stream
        if stream is not None:
            stream.close()
        self._wake()


def _chosen(pod: LogPod, name: str) -> LogContainer | None:
    """By name; else the one in trouble, else the first."""
    if name:
        return next((container for container in pod.containers if container.name == name), None)
    mains = [container for container in pod.containers if not container.kind]
    troubled = [container for container in mains if not container.running]
    return next(iter([*troubled, *mains, *pod.containers]), None)


def _pod_frame(pod: LogPod, container: str, *, previous: bool) -> dict[str, Any]:
    return {
        "type": "pod",
        "container": container,
        "previous": previous,
        "node": pod.node,
        "containers": [
            {
                "name": one.name,
                "kind": one.kind,
                "words": one.words,
                "image": one.image,
                "previous": one.has_previous,
            }
            for one in pod.containers
        ],
        "known_values": pod.known_values,
        "unread_secrets": list(pod.unread_secrets),
    }
