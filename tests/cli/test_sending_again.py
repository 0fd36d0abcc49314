from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any, ClassVar

import pytest

from slipway.cli.account import Account
from slipway.cli.client import Api
from slipway.cli.outcomes import CommandFailed


class Flaky(BaseHTTPRequestHandler):
    """Answers as told: None cuts the connection once the request was read."""

    answers: ClassVar[list[Any]] = []
    seen: ClassVar[list[tuple[str, str | None, bytes]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.seen.append((self.path, self.headers.get("Idempotency-Key"), body))
        answer = self.answers.pop(0)
        if answer is None:
            self.close_connection = True
            return
        status, headers, text = answer
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST  # noqa: N815  the base class calls it so

    def log_message(self, *arguments: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def flaky() -> Any:
    Flaky.answers, Flaky.seen = [], []
    server = HTTPServer(("127.0.0.1", 0), Flaky)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def api(flaky: Any) -> Api:
    made = Api(Account(f"http://127.0.0.1:{flaky.server_port}", "acme", "slp_x"), sleep=lambda seconds: None)
    yield made
    made.close()


OK = (200, {}, b'{"number": 1}')


def test_a_write_whose_answer_was_lost_is_sent_again_with_the_same_key(api: Api) -> None:
    Flaky.answers = [None, (503, {}, b"{}"), OK]
    assert api.post(api.inside("rollouts"), {"release": "1"}) == {"number": 1}
    assert len(Flaky.seen) == 3
    assert {path for path, _, _ in Flaky.seen} == {"/api/v1/organizations/acme/rollouts/"}
    keys = {key for _, key, _ in Flaky.seen}
    assert len(keys) == 1
    assert None not in keys
    assert {body for _, _, body in Flaky.seen} == {
        json.dumps({"release": "1"}, separators=(",", ":")).encode()
    }


def test_two_writes_have_two_keys_and_a_read_has_none(api: Api) -> None:
    Flaky.answers = [OK, OK, OK]
    api.post(api.inside("rollouts"))
    api.post(api.inside("rollouts"))
    api.get(api.inside("rollouts"))
    first, second, third = (key for _, key, _ in Flaky.seen)
    assert first != second
    assert third is None


def test_too_many_requests_waits_as_long_as_it_was_told(flaky: Any) -> None:
    slept: list[float] = []
    api = Api(Account(f"http://127.0.0.1:{flaky.server_port}", "acme", "slp_x"), sleep=slept.append)
    Flaky.answers = [(429, {"Retry-After": "7"}, b"{}"), OK]
    api.get(api.inside("rollouts"))
    api.close()
    assert slept == [7.0]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (
            (409, {"Content-Type": "application/problem+json"}, b'{"detail": "There is one already."}'),
            "There is one already.",
        ),
        ((302, {"Location": "https://elsewhere.example/"}, b""), "sends us on to https://elsewhere.example/"),
        ((200, {"Content-Type": "text/html"}, b"<h1>Sign in</h1>"), "answers 200, not as Slipway does."),
        ((503, {}, b"{}"), "answers 503, not as Slipway does."),
    ],
)
def test_what_is_no_answer_of_slipways_is_one_sentence(api: Api, answer: Any, sentence: str) -> None:
    Flaky.answers = [answer] * 4
    with pytest.raises(CommandFailed) as failure:
        api.get(api.inside("rollouts"))
    assert sentence in failure.value.sentence


def test_what_a_person_types_stays_one_part_of_the_path(api: Api) -> None:
    assert (
        api.inside("rollouts", "../../tokens?x=1") == "organizations/acme/rollouts/..%2F..%2Ftokens%3Fx%3D1/"
    )


def test_pages_are_followed_until_there_are_enough(api: Api) -> None:
    def page(items: list[int], following: str | None) -> Any:
        return (200, {}, json.dumps({"items": [{"n": n} for n in items], "next": following}).encode())

    Flaky.answers = [page([1, 2], "a"), page([3], None)]
    assert [row["n"] for row in api.pages(api.inside("rollouts"), most=0)] == [1, 2, 3]
    Flaky.answers = [page([1, 2], "a")]
    assert [row["n"] for row in api.pages(api.inside("rollouts"), most=2)] == [1, 2]
    assert "limit=2" in Flaky.seen[-1][0]
