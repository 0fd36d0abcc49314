"""An export is checked without us: by one file, with nothing of ours beside it; every way to bend it is named."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from apps.audit import exporting
from apps.audit.models import AuditSeal
from apps.audit.sealing import seal_head, unsealed
from apps.audit.services import Audit, By, record
from apps.core import scopes
from slipway import verifier

pytestmark = pytest.mark.django_db
Lines = list[dict[str, Any]]
HERE = uuid4()  # the chain knows organizations by their ids alone


def write(*labels: str) -> None:
    with scopes.organization(HERE):
        for label in labels:
            record(By("person", "Ana"), audits=[Audit("test.write", "thing", label)])


@pytest.fixture
def export() -> list[bytes]:
    """Five entries, signed after the second and at the end."""
    write("one", "two")
    with scopes.organization(HERE):
        seal_head()
    write("three", "=HYPERLINK()", "fünf")
    with scopes.organization(HERE):
        begun = exporting.begin("acme")
    return [line for page in exporting.lines(begun) for line in page]


def bent(export: list[bytes], bend: Callable[[Lines], Lines]) -> list[bytes]:
    lines = bend([json.loads(line) for line in export])
    return [json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines]


def place(lines: Lines, number: int) -> int:
    return next(
        index for index, line in enumerate(lines) if line["kind"] == "entry" and line["number"] == number
    )


def changed(lines: Lines) -> Lines:
    entry = lines[place(lines, 3)]
    entry["content"] = entry["content"].replace("three", "3")
    return lines


def deleted(lines: Lines) -> Lines:
    del lines[place(lines, 3)]
    return lines


def swapped(lines: Lines) -> Lines:
    third, fourth = place(lines, 3), place(lines, 4)
    lines[third], lines[fourth] = lines[fourth], lines[third]
    return lines


def inserted(lines: Lines) -> Lines:
    lines.insert(place(lines, 3), dict(lines[place(lines, 2)]))
    return lines


def cut(lines: Lines) -> Lines:
    return [line for line in lines if line.get("number", 0) <= 3 and line["kind"] != "footer"]


def cut_and_closed(lines: Lines) -> Lines:
    """To the earlier signature, with a header that agrees and the true footer."""
    kept = [line for line in lines if line.get("number", 0) <= 2]
    kept[0]["to"] = 2
    return kept


def rewritten(lines: Lines) -> Lines:
    """With hashes that fit again, from the second entry on."""
    import hashlib

    previous = b""
    for line in lines:
        if line["kind"] == "entry":
            line["content"] = line["content"].replace("two", "zwei")
            previous = hashlib.sha256(
                previous + line["number"].to_bytes(8, "big") + line["content"].encode()
            ).digest()
            line["hash"] = previous.hex()
        if line["kind"] == "seal":
            line["hash"] = previous.hex()
    return lines


def test_a_whole_export_is_sound_and_says_by_whom_it_is_signed(export: list[bytes]) -> None:
    sentence = verifier.verify(export)
    assert sentence.startswith("5 entries of acme, 1 to 5, unbroken; 2 signatures on the way; made ")
    mark = verifier.fingerprint(bytes.fromhex(next(iter(json.loads(export[0])["keys"].values()))))
    assert verifier.verify(export, pinned=mark).endswith("signed by the key you named.")
    with pytest.raises(verifier.Broken, match=f"It is signed by the key {mark}, not by 00ff."):
        verifier.verify(export, pinned="00ff")


@pytest.mark.parametrize(
    ("bend", "sentence"),
    [
        (changed, "Entry 3 was changed, or the one before it was."),
        (deleted, "Entry 3 is missing; 4 stands in its place."),
        (swapped, "Entry 3 is missing; 4 stands in its place."),
        (inserted, "Entry 3 is missing; 2 stands in its place."),
        (cut, "Entry 4 is missing: the export goes to 5 and stops at 3."),
        (
            cut_and_closed,
            "The signature under the end does not fit: entries were cut off after 2, or it is forged.",
        ),
        (rewritten, "The signature at entry 2 is forged."),
    ],
)
def test_whatever_is_bent_the_first_wrong_entry_is_named(
    export: list[bytes], bend: Callable[[Lines], Lines], sentence: str
) -> None:
    with pytest.raises(verifier.Broken) as problem:
        verifier.verify(bent(export, bend))
    assert str(problem.value) == sentence


def test_the_verifier_is_one_file_that_needs_nothing_of_ours(export: list[bytes], tmp_path: Path) -> None:
    alone = tmp_path / "verifier.py"
    alone.write_text(Path(verifier.__file__).read_text())
    sound, broken = tmp_path / "audit.jsonl", tmp_path / "broken.jsonl"
    sound.write_bytes(b"".join(export))
    broken.write_bytes(b"".join(bent(export, deleted)))

    def check(file: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", str(alone), str(file)]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)

    good, bad = check(sound), check(broken)
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.startswith("5 entries of acme")
    assert (bad.returncode, bad.stderr) == (1, "Entry 3 is missing; 4 stands in its place.\n")
    assert "slipway" not in "".join(line for line in alone.read_text().splitlines() if "import" in line)


def test_a_part_of_the_chain_is_an_export_too(export: list[bytes]) -> None:
    with scopes.organization(HERE):
        begun = exporting.begin("acme", first=3, last=4)
    lines = [line for page in exporting.lines(begun) for line in page]
    assert verifier.verify(lines).startswith("2 entries of acme, 3 to 4, unbroken; 0 signatures on the way")


def test_a_spreadsheet_is_given_no_formulas(export: list[bytes]) -> None:
    with scopes.organization(HERE):
        begun = exporting.begin("acme", first=4, last=4)
    rows = [line.decode() for page in exporting.table(begun) for line in page]
    assert len(rows) == 2
    assert ",thing,'=HYPERLINK(),," in rows[1]


def test_a_chain_that_grew_is_signed_once() -> None:
    write("one")
    assert HERE in unsealed()
    with scopes.organization(HERE):
        first, again = seal_head(), seal_head()
        assert first is not None
        assert again is not None
        assert first.id == again.id
        assert AuditSeal.objects.count() == 1
    assert HERE not in unsealed()
