"""The audit leaves as a file and is checked where it arrives, by whoever has the key's fingerprint."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Ran
from tests.people import People


def test_an_export_is_streamed_checked_and_holds_the_line_about_itself(
    whole_server: str, people: People, login: Callable[..., None], slipway: Callable[..., Ran], tmp_path: Path
) -> None:
    login(people.olu, "read", url=whole_server)
    file = tmp_path / "audit.jsonl"
    written = slipway("audit", "export", file)
    assert written.code == 0, written.err
    lines = [json.loads(line) for line in file.read_bytes().splitlines()]
    entries = [line for line in lines if line["kind"] == "entry"]
    assert json.loads(entries[-1]["content"])["action"] == "audit.export"
    assert f"{len(entries)} entries of acme, 1 to {len(entries)}, unbroken" in written.out

    keys = json.loads(slipway("audit", "keys", "-o", "json").out)
    mark = keys[0]["fingerprint"]
    sound = slipway("audit", "verify", "--file", file, "--key", mark)
    assert (sound.code, sound.err) == (0, "")
    assert "signed by the key you named." in sound.out

    file.write_bytes(
        b"".join(line + b"\n" for line in file.read_bytes().splitlines() if b'"number":2' not in line)
    )
    broken = slipway("audit", "verify", "--file", file)
    assert broken.code == 1
    assert "Entry 2 is missing; 3 stands in its place." in broken.err

    table = slipway("audit", "export", tmp_path / "audit.csv", "--format", "csv")
    assert table.code == 0, table.err
    head = (tmp_path / "audit.csv").read_text().splitlines()[0]
    assert head == "number,at,by,by_kind,channel,address,action,object_kind,object,why,hash"


def test_who_may_not_see_the_audit_gets_no_file(
    people: People, login: Callable[..., None], slipway: Callable[..., Ran], tmp_path: Path
) -> None:
    login(people.vic, "read")
    refused = slipway("audit", "export", tmp_path / "audit.jsonl")
    assert refused.code == 1
    assert "Your role (viewer) does not let you see the audit." in refused.err
    assert list(tmp_path.glob("audit*")) == []
