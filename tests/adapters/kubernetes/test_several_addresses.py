"""A name with several addresses: the next is tried where no connection comes about, and none is trusted unseen."""

from __future__ import annotations

import http.server
import json
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from slipway.adapters.kubernetes import KubernetesClusters, addresses
from slipway.adapters.kubernetes.transport import Transport
from slipway.ports.clusters import Access, Unreachable
from tests.adapters.kubernetes.certificates import certificate_pem, key_pem

ONE, TWO = "127.0.0.1", "127.0.0.2"


class Server:
    def __init__(self, address: str, port: int, folder: Path, name: str = "localhost") -> None:
        self.asked: list[str] = []
        told = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                told.asked.append(f"{self.headers['Host']} {self.headers.get('Authorization', '')}".strip())
                data = json.dumps({"from": address}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *arguments: object) -> None:
                pass

        (folder / name).write_text(certificate_pem(name) + key_pem())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / name)
        self._server = http.server.ThreadingHTTPServer((address, port), Handler)
        self._server.daemon_threads = True
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port: int = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator:
    with ExitStack() as stack:

        def start(address: str, port: int = 0, name: str = "localhost") -> Server:
            server = Server(address, port, tmp_path, name)
            stack.callback(server.stop)  # twice is once
            return server

        yield start


@contextmanager
def reached(port: int, *pinned: str) -> Iterator[Transport]:
    access = Access(server=f"https://localhost:{port}", ca_pem=certificate_pem("localhost"), token="secret")
    transport = Transport(access, pinned)
    try:
        yield transport
    finally:
        transport.close()


def asked(transport: Transport) -> str:
    status, body = transport.call("GET", "/version")
    assert status == 200
    return str(json.loads(body)["from"])


def test_an_address_where_nobody_listens_is_passed_over_and_the_other_is_asked_first_from_then_on(serve):
    server = serve(ONE)
    with reached(server.port, TWO, ONE) as transport:
        assert asked(transport) == ONE
        assert asked(transport) == ONE
        assert transport._bases == [f"https://{ONE}:{server.port}", f"https://{TWO}:{server.port}"]
        status, lines = transport.stream("/watch", query={}, idle_seconds=5)
        assert (status, list(lines)) == (200, [])  # no line ended
    assert server.asked[0] == f"localhost:{server.port} Bearer secret"


def test_a_server_that_goes_is_followed_by_the_one_at_the_other_address(serve):
    first = serve(TWO)
    second = serve(ONE, first.port)
    with reached(first.port, TWO, ONE) as transport:
        assert asked(transport) == TWO
        first.stop()
        transport._pool.clear()  # as when its connections are cut with it
        assert asked(transport) == ONE
    assert (len(first.asked), len(second.asked)) == (1, 1)


def test_a_stranger_at_the_first_address_gets_nothing_and_the_next_is_asked(serve):
    stranger = serve(TWO, name="elsewhere")
    server = serve(ONE, stranger.port)
    with reached(server.port, TWO, ONE) as transport:
        assert asked(transport) == ONE
    assert stranger.asked == []


def test_a_stranger_is_told_about_before_a_closed_door(serve):
    stranger = serve(TWO, name="elsewhere")
    for pinned in ((TWO, ONE), (ONE, TWO)):
        with (
            reached(stranger.port, *pinned) as transport,
            pytest.raises(Unreachable, match="its certificate is"),
        ):
            transport.call("GET", "/version")


def test_localhost_that_is_ipv6_first_reaches_a_server_that_listens_on_ipv4(serve, monkeypatch):
    server = serve(ONE)
    found: Sequence[str] = ["::1", ONE]
    judge = addresses.judged_addresses
    monkeypatch.setattr(
        addresses,
        "judged_addresses",
        lambda named, networks: judge(named, networks, resolve=lambda host, port: found),
    )
    clusters = KubernetesClusters(networks=("127.0.0.0/8", "::1/128"), redaction_key=b"k" * 32)
    access = Access(
        server=f"https://localhost:{server.port}", ca_pem=certificate_pem("localhost"), token="secret"
    )
    cluster = clusters.connect("one", access)
    assert asked(cluster._transport) == ONE
    # The same addresses in another order are the same server, reached through the same connections.
    found = [ONE, "::1"]
    monkeypatch.setattr("slipway.adapters.kubernetes.clusters._RESOLVED_SECONDS", 0)
    assert clusters.connect("one", access) is cluster
    cluster.close()
