from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests.clusters import Place
from tests.people import People
from tests.watcher.conftest import Wakes, WatcherProcess, deployment, make_rollout, until


class Road:
    """A way to a server that can be closed: what is under way is cut, what comes is refused."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._sockets: list[socket.socket] = []
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]

    def open(self) -> None:
        self._server = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self._server,), daemon=True).start()

    def close(self) -> None:
        # A thread that waits in `accept` keeps the port; shutting down wakes it.
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for one in self._sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._sockets.clear()

    def _accept(self, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near = server.accept()[0]
                far = socket.create_connection(("127.0.0.1", self._to))
                self._sockets += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=_pour, args=(one, other), daemon=True).start()


def _pour(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)


@pytest.fixture
def road(any_cluster: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Road, Place]]:
    text = any_cluster.kubeconfig_path.read_text()
    found = re.search(r"https://127\.0\.0\.1:(\d+)", text)
    assert found is not None
    road = Road(int(found[1]))
    road.open()
    path = tmp_path_factory.mktemp("road") / "kubeconfig"
    path.write_text(text.replace(found[0], f"https://127.0.0.1:{road.port}"))
    yield road, Place(any_cluster.kind, any_cluster.cluster, any_cluster.namespace, path)
    with contextlib.suppress(OSError):
        road.close()


def test_it_is_shown_as_unreachable_and_followed_again_when_it_is_back_with_what_moved_meanwhile(
    road: tuple[Road, Place],
    transactional_database: str,
    people: People,
    watchers: Callable[[], WatcherProcess],
    wakes: Wakes,
) -> None:
    way, place = road
    shop = make_rollout(people, place)
    shop.set_rollout(phase="progressing")
    watchers().until("shard_taken", times=2)
    until(lambda: shop.row().reachability == "reachable", seconds=10)

    way.close()
    until(lambda: shop.row().reachability == "unreachable", seconds=10)
    assert shop.row().reachability_sentence == "the connection is refused."
    place.cluster.apply(shop.mark(deployment("web")), manager="tests")
    wakes.clear()

    way.open()
    opened = time.monotonic()
    assert wakes.next(seconds=20) is not None
    until(lambda: shop.row().reachability == "reachable", seconds=10)
    assert time.monotonic() - opened < 16.0
