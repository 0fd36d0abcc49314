#!/usr/bin/env python3
"""Checks an export of Slipway's audit, without Slipway: this one file, Python, and the package `cryptography`.

    python verifier.py audit.jsonl [--key FINGERPRINT]

Ends with 0 and one sentence when every entry is there, unchanged, in order, and both ends are signed; else with 1
and a sentence that names the first entry that is wrong. `--key`: the fingerprint that your installation shows
(`slipway audit keys`); without it the file is checked against the key that the file itself brings.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

FORMAT = "slipway-audit-1"


class Broken(Exception):
    """The sentence says which entry is the first that is wrong."""


def verify(lines: Iterable[bytes], *, pinned: str = "") -> str:
    """One sentence about a sound export. Raises Broken."""
    source = iter(lines)
    header = _json(next(source, b""), "The file is empty or does not begin with a header.")
    if header.get("kind") != "header" or header.get("format") != FORMAT:
        raise Broken("This is not an export of Slipway's audit.")
    organization, first, last = header["organization"], int(header["from"]), int(header["to"])
    keys = {name: bytes.fromhex(public) for name, public in header["keys"].items()}
    previous, number, sealed = bytes.fromhex(header["previous_hash"]), first - 1, 0
    footer: dict[str, Any] | None = None
    for text in source:
        line = _json(
            text,
            f"What follows entry {number} cannot be read: entry {number + 1} is the first that is wrong.",
        )
        if footer is not None:
            raise Broken(f"Something was added after the end, behind entry {number}.")
        if line.get("kind") == "entry":
            previous = _entry(line, number + 1, previous, organization)
            number += 1
        elif line.get("kind") == "seal":
            _seal(line, number, previous, organization, keys)
            sealed += 1
        elif line.get("kind") == "footer":
            footer = line
        else:
            raise Broken(f"After entry {number} stands a line that is no entry.")
    if number != last:
        raise Broken(f"Entry {number + 1} is missing: the export goes to {last} and stops at {number}.")
    if footer is None:
        raise Broken(f"The end is missing: after entry {number} there is no signature.")
    content = {
        "organization": organization, "from": first, "to": last, "hash": previous.hex(),
        "at": header["made_at"], "key": footer.get("key"),
    }  # fmt: skip
    public = keys.get(str(footer.get("key")), b"")
    if not _signed(public, footer.get("signature", ""), b"slipway audit export 1\n" + _canonical(content)):
        raise Broken(
            f"The signature under the end does not fit: entries were cut off after {number}, or it is forged."
        )
    mark = fingerprint(public)
    if pinned and pinned.replace(":", "").lower() != mark:
        raise Broken(f"It is signed by the key {mark}, not by {pinned}.")
    known = "the key you named" if pinned else f"the key {mark}, which the file itself brings"
    return (
        f"{number - first + 1} entries of {header.get('slug')}, {first} to {last}, unbroken; "
        f"{sealed} signatures on the way; made {header['made_at']}, signed by {known}."
    )


def fingerprint(public: bytes) -> str:
    return hashlib.sha256(public).hexdigest()[:32]


def _entry(line: dict[str, Any], expected: int, previous: bytes, organization: str) -> bytes:
    if line.get("number") != expected:
        raise Broken(f"Entry {expected} is missing; {line.get('number')} stands in its place.")
    content = str(line.get("content")).encode()
    digest = hashlib.sha256(previous + expected.to_bytes(8, "big") + content).digest()
    if digest.hex() != line.get("hash"):
        raise Broken(f"Entry {expected} was changed, or the one before it was.")
    said = _json(content, f"Entry {expected} cannot be read.")
    if said.get("number") != expected or said.get("organization") != organization:
        raise Broken(
            f"Entry {expected} belongs elsewhere: it says {said.get('organization')}, {said.get('number')}."
        )
    return digest


def _seal(
    line: dict[str, Any], number: int, previous: bytes, organization: str, keys: dict[str, bytes]
) -> None:
    if line.get("number") != number or line.get("hash") != previous.hex():
        raise Broken(f"Entry {number} is not the one that was signed.")
    content = {"organization": organization, "number": number, "hash": previous.hex(), "at": line.get("at")}
    public = keys.get(str(line.get("key")), b"")
    said = b"slipway audit seal 1\n" + _canonical({**content, "key": line.get("key")})
    if not _signed(public, line.get("signature", ""), said):
        raise Broken(f"The signature at entry {number} is forged.")


def _signed(public: bytes, signature: str, content: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(bytes.fromhex(signature), content)
    except (InvalidSignature, ValueError):
        return False
    return True


def _canonical(value: dict[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _json(text: bytes, sentence: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        raise Broken(sentence) from None
    if not isinstance(value, dict):
        raise Broken(sentence)
    return value


def main() -> int:
    parser = argparse.ArgumentParser(description="Checks an export of Slipway's audit.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--key", default="", help="the fingerprint of the key that must have signed it")
    arguments = parser.parse_args()
    try:
        with arguments.file.open("rb") as lines:
            sentence = verify(lines, pinned=arguments.key)
    except (Broken, KeyError, ValueError) as problem:
        sys.stderr.write(f"{problem}\n" if isinstance(problem, Broken) else "This is not a whole export.\n")
        return 1
    sys.stdout.write(f"{sentence}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
