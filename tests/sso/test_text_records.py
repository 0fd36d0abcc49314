"""The contract of TXT look-ups, held by the resolver against a real name server and by what stands in for it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from slipway.adapters.names import GivenTextRecords, ResolverTextRecords
from slipway.ports.names import NamesUnavailable, TextRecords

_LONG = "x" * 300
_ZONE = {
    "_slipway.one.example": ("slipway-domain=abc",),
    "_slipway.more.example": ("v=spf1 -all", "slipway-domain=abc"),
    "_slipway.long.example": (_LONG,),
    "empty.example": (),  # the name is there, with no TXT record
}
_SILENT = "silent.example"


def _answer(data: bytes) -> bytes | None:
    asked = dns.message.from_wire(data)
    question = asked.question[0]
    name = question.name.to_text(omit_final_dot=True).lower()
    if name == _SILENT:
        return None
    answer = dns.message.make_response(asked)
    answer.flags |= dns.flags.RA
    if name not in _ZONE:
        answer.set_rcode(dns.rcode.NXDOMAIN)
    elif _ZONE[name]:
        pieces = [
            " ".join(f'"{text[at : at + 255]}"' for at in range(0, len(text), 255)) for text in _ZONE[name]
        ]
        answer.answer.append(dns.rrset.from_text_list(question.name, 60, "IN", "TXT", pieces))
    return answer.to_wire()


@pytest.fixture(scope="module")
def name_server() -> Iterator[int]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                data, sender = listening.recvfrom(4096)
                if data == b"stop":
                    return
                if answer := _answer(data):
                    listening.sendto(answer, sender)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        port = listening.getsockname()[1]
        yield port
        listening.sendto(b"stop", ("127.0.0.1", port))
        thread.join()


@pytest.fixture(params=["resolver", "given"])
def records(request: pytest.FixtureRequest, name_server: int) -> TextRecords:
    kinds: dict[str, Callable[[], TextRecords]] = {
        "resolver": lambda: ResolverTextRecords(["127.0.0.1"], port=name_server, seconds=0.5),
        "given": lambda: GivenTextRecords(_ZONE, silent=[_SILENT]),
    }
    return kinds[request.param]()


def test_all_records_of_a_name_are_there(records: TextRecords) -> None:
    assert records.texts("_slipway.one.example") == ("slipway-domain=abc",)
    assert sorted(records.texts("_slipway.more.example")) == ["slipway-domain=abc", "v=spf1 -all"]


def test_case_and_a_final_dot_make_no_difference(records: TextRecords) -> None:
    assert records.texts("_Slipway.ONE.example.") == ("slipway-domain=abc",)


def test_a_long_record_comes_in_one_piece(records: TextRecords) -> None:
    assert records.texts("_slipway.long.example") == (_LONG,)


def test_no_record_is_none_and_no_name_is_none(records: TextRecords) -> None:
    assert records.texts("empty.example") == ()
    assert records.texts("unknown.example") == ()


def test_silence_is_not_none(records: TextRecords) -> None:
    with pytest.raises(NamesUnavailable, match=r"did not answer about silent\.example"):
        records.texts(_SILENT)
