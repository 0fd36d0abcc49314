"""What a request asks for, read out of its path and query."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from slipway.sandbox.errors import ApiError, bad_request
from slipway.sandbox.kinds import Kind

Validation = Literal["Ignore", "Warn", "Strict"]


@dataclass(frozen=True, slots=True)
class Target:
    """A collection (`name` is empty), an object, or a subresource of one."""

    kind: Kind
    version: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def api_version(self) -> str:
        return self.kind.api_version(self.version)


@dataclass(slots=True)
class Options:
    manager: str = "unknown"
    named: bool = False  # the request itself says who manages; else its User-Agent does
    dry_run: bool = False
    force: bool = False
    validation: Validation = "Warn"
    warnings: list[str] = field(default_factory=list)


def options(query: dict[str, str], user_agent: str) -> Options:
    dry_run = query.get("dryRun", "")
    if dry_run not in ("", "All"):
        raise ApiError(
            422,
            "Invalid",
            f'PatchOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: "{dry_run}": '
            'supported values: "All"',
        )
    validation = query.get("fieldValidation") or "Warn"
    if validation not in ("Ignore", "Warn", "Strict"):
        raise bad_request(
            f'fieldValidation: Unsupported value: "{validation}": supported values: "Ignore", "Warn", "Strict"'
        )
    return Options(
        manager=(query.get("fieldManager") or user_agent.partition("/")[0] or "unknown")[:128],
        named=bool(query.get("fieldManager")),
        dry_run=dry_run == "All",
        force=query.get("force") in ("true", "1"),
        validation="Strict" if validation == "Strict" else "Ignore" if validation == "Ignore" else "Warn",
    )
