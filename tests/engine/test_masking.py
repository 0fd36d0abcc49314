"""What is masked in a container's output, and what is left alone."""

from __future__ import annotations

import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as some

from slipway.engine.masking import MASK, SHORTEST, Masker


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("DB_PASSWORD=abc123 next", f"DB_PASSWORD={MASK} next"),
        ('{"token":"abc","user":"bo"}', f'{{"token":"{MASK}","user":"bo"}}'),
        ("password: 'x y z' foo", f"password: '{MASK}' foo"),
        ("dbPassword=abc99", f"dbPassword={MASK}"),
        ("Authorization: Bearer abc.def rest", f"Authorization: Bearer {MASK} rest"),
        ("GET https://bo:pw@host/path", f"GET https://bo:{MASK}@host/path"),
        ("?access_token=zzz&x=1", f"?access_token={MASK}&x=1"),
        ("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-def", f"got {MASK}"),
        ("key AKIAIOSFODNN7EXAMPLE in use", f"key {MASK} in use"),
        ("compass: north; passed: 12; bypass=true", "compass: north; passed: 12; bypass=true"),
        ("tokens used: 512 of 4096", "tokens used: 512 of 4096"),
        ("basic setup done, bearer of news", "basic setup done, bearer of news"),
    ],
)
def test_what_looks_like_a_secret_is_masked_and_what_does_not_is_left(written: str, shown: str) -> None:
    assert Masker().line(written) == shown


@given(
    some.text(min_size=SHORTEST).filter(lambda value: len(value.strip()) >= SHORTEST and value.isprintable()),
    some.text().filter(str.isprintable),
)
def test_a_known_value_is_never_shown(value: str, around: str) -> None:
    shown = Masker([value]).line(f"{around}{value}{around}")
    assert value.strip() not in shown.replace(MASK, "\n")


def test_a_known_value_is_found_in_its_other_forms_and_behind_colours() -> None:
    masker = Masker(["first line of it\nsecond line of it"])
    assert masker.line("saw second line of it here") == f"saw {MASK} here"
    encoded = base64.b64encode(b"first line of it\nsecond line of it").decode()
    assert masker.line(f"encoded {encoded}") == f"encoded {MASK}"
    assert masker.line("saw \x1b[31mfirst\x1b[0m line of it") == f"saw {MASK}"


def test_a_private_key_is_masked_over_its_lines_and_no_further() -> None:
    masker = Masker()
    lines = ["a", "-----BEGIN RSA PRIVATE KEY-----", "MIIEabc", "-----END RSA PRIVATE KEY----- b", "c"]
    assert [masker.line(line) for line in lines] == ["a", f"{MASK} (a private key)", MASK, f"{MASK} b", "c"]


@pytest.mark.parametrize(
    "line",
    ["password=" * 2000, "-" * 16384, '"' * 16384, "x.-_" * 4000 + "password", 'token: "' + "\\" * 16000],
)
def test_no_line_keeps_it_busy(line: str) -> None:
    began = time.process_time()
    Masker().line(line)
    assert time.process_time() - began < 0.5
