"""Who takes part in the demo; their passwords and tokens, kept private in the data folder."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slipway.embedded.data import write_private

ORGANIZATION = "demo"
_NAME = "Demo"  # pages mark what is simulated


@dataclass(frozen=True, slots=True)
class Person:
    email: str
    name: str
    role: str
    password: str
    token: str


@dataclass(frozen=True, slots=True)
class People:
    owner: Person
    developer: Person  # makes the releases
    releaser: Person  # approves what goes to production
    viewer: Person

    def __iter__(self) -> Any:
        return iter((self.owner, self.developer, self.releaser, self.viewer))


_CAST = (
    ("olga@demo.example", "Olga Owner", "owner", ("read", "release", "deploy", "approve", "admin")),
    ("dan@demo.example", "Dan Developer", "developer", ("read", "release", "deploy")),
    ("rita@demo.example", "Rita Releaser", "releaser", ("read", "deploy", "approve")),
    ("vera@demo.example", "Vera Viewer", "viewer", ("read",)),
)


class PeopleFile:
    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> People | None:
        """None until everybody has a token."""
        try:
            entries = json.loads(self.path.read_text())["people"]
            people = [_person(entry) for entry in entries]
        except (OSError, ValueError, KeyError):
            return None
        return People(*people) if len(people) == len(_CAST) and all(one.token for one in people) else None

    def write_fresh(self, *, simulated: bool = True) -> None:
        """Random passwords; those of an earlier try are kept, since somebody may have signed in with them.

        `simulated`: its cluster is the sandbox, and every page says so.
        """
        if self.path.exists():
            return
        people = [_entry(*one) for one in _CAST]
        organization = {"slug": ORGANIZATION, "name": _NAME, "simulated": simulated}
        content = {"organization": organization, "people": people}
        write_private(self.path, json.dumps(content, indent=1))


def _entry(email: str, name: str, role: str, scopes: Sequence[str]) -> dict[str, Any]:
    password = secrets.token_urlsafe(12)
    return {"email": email, "name": name, "role": role, "scopes": scopes, "password": password, "token": ""}


def _person(entry: dict[str, Any]) -> Person:
    return Person(entry["email"], entry["name"], entry["role"], entry["password"], entry.get("token", ""))
