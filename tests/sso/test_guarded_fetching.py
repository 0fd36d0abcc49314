"""An address that an owner types in is asked only where that is safe. Real sockets, real answers."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from slipway.adapters.kubernetes import addresses
from slipway.adapters.web import GuardedDocuments, GuardedSession
from slipway.adapters.web import session as guarded
from slipway.ports.web import Unanswered

_asked: list[tuple[str, str | None]] = []
_LOOPBACK = ("127.0.0.1/32",)


class _Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        _asked.append((self.path, self.headers["Host"]))
        if self.path == "/redirect":
            self.send_response(302)
            self.send_header("Location", "/good")
            self.end_headers()
            return
        body = {
            "/good": b'{"issuer": "here"}',
            "/list": b"[]",
            "/html": b"<p>",
            "/long": b"x" * (guarded.MOST_BYTES + 1),
        }.get(self.path, b"")
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def pages() -> Iterator[str]:
    _asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Pages) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_loopback_address_is_read_where_the_operator_allows_it(pages: str) -> None:
    assert GuardedDocuments(_LOOPBACK).read_json(f"{pages}/good") == {"issuer": "here"}
    assert _asked == [("/good", pages.removeprefix("http://"))]


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/redirect", "redirect, which is not followed"),
        ("/long", "too long"),
        ("/html", "is no JSON"),
        ("/list", "no JSON object"),
        ("/nothing", "with status 404"),
    ],
)
def test_an_answer_that_is_none_is_said_to_be(path: str, sentence: str, pages: str) -> None:
    with pytest.raises(Unanswered, match=sentence):
        GuardedDocuments(_LOOPBACK).read_json(pages + path)
    assert [asked for asked, _ in _asked] == [path]


def test_nothing_is_sent_to_it_where_the_operator_does_not(pages: str) -> None:
    with pytest.raises(Unanswered, match="is no public address"):
        GuardedDocuments().read_json(f"{pages}/good")
    assert _asked == []


def _as_the_system_reads(host: str, port: int) -> list[str]:
    """Without asking anybody: literals, odd ones too, and one name that is public."""
    if host == "example.com":
        return ["93.184.215.14"]
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        return [socket.inet_ntoa(socket.inet_aton(host))]


@pytest.mark.parametrize(
    "url",
    [
        "https://169.254.169.254/latest",
        "https://[::ffff:169.254.169.254]/",
        "https://[fe80::1]/",
        "https://10.0.0.1/",
        "https://0.0.0.0/",
        "https://[::1]/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://in_side.example/",
        "https://[64:ff9b::7f00:1]/",
        "http://example.com/",
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "gopher://127.0.0.1/",
    ],
)
def test_no_such_address_is_asked(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from urllib3.util import connection

    def never(*arguments: Any, **keywords: Any) -> None:
        raise AssertionError("a connection was opened")

    def resolve(server: str, networks: Any) -> Any:
        return addresses.judged_addresses(server, networks, resolve=_as_the_system_reads)

    monkeypatch.setattr(connection, "create_connection", never)
    monkeypatch.setattr(guarded, "judged_addresses", resolve)
    with pytest.raises(Unanswered, match=r"is no public address|starts with https|Nothing answers"):
        GuardedDocuments().read_json(url)


def test_a_name_is_resolved_once_and_the_connection_goes_to_what_was_judged(
    pages: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rebinding: the second answer would be another address, and nobody asks for it."""
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])

    def resolve(server: str, networks: Any) -> Any:
        return addresses.judged_addresses(server, networks, resolve=lambda host, port: next(answers))

    monkeypatch.setattr(guarded, "judged_addresses", resolve)
    port = pages.rpartition(":")[2]
    named = f"http://rebinding.example:{port}/good"
    assert GuardedDocuments(_LOOPBACK).read_json(named) == {"issuer": "here"}
    assert _asked == [("/good", f"rebinding.example:{port}")]
    with pytest.raises(Unanswered, match="is no public address"):
        GuardedDocuments(_LOOPBACK).read_json(named)


def test_one_bad_address_of_several_spoils_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(server: str, networks: Any) -> Any:
        return addresses.judged_addresses(
            server, networks, resolve=lambda h, p: ["93.184.215.14", "10.0.0.1"]
        )

    monkeypatch.setattr(guarded, "judged_addresses", resolve)
    with pytest.raises(Unanswered, match="is no public address"):
        GuardedDocuments(_LOOPBACK).read_json("https://idp.example/")


def test_no_proxy_and_no_netrc_of_the_machine_is_used(pages: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with GuardedSession(_LOOPBACK) as session:
        assert session.get(f"{pages}/good").json() == {"issuer": "here"}


def test_allauth_talks_to_providers_by_nothing_else() -> None:
    from allauth.socialaccount.adapter import get_adapter

    assert isinstance(get_adapter().get_requests_session(), GuardedSession)
