"""Which real application the demo releases: the Online Boutique where it is at hand, else Slipway's own sample."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from slipway.embedded.errors import CannotStart
from slipway.settings import paths

_NINE = "online-boutique"
_NINE_FOR_OLD = "online-boutique-k8s-1.20"  # gRPC probes came with 1.24
_VERSION = re.compile(r"v(\d+)\.(\d+)\.(\d+)\.yaml")


@dataclass(frozen=True, slots=True)
class Sample:
    slug: str
    name: str
    repository: str
    releases: tuple[Path, ...]  # oldest first
    note: str = ""  # said to the person

    def first_two(self) -> tuple[Path, Path]:
        """A first release, and a next one that adds objects too."""
        for before, after in zip(self.releases, self.releases[1:], strict=False):
            if before.stem == "v0.9.0":
                return before, after
        return self.releases[0], self.releases[1]


def choose(*, minor: int) -> Sample:
    """`minor` is the cluster's Kubernetes version after the 1."""
    named = os.environ.get("SLIPWAY_SAMPLES")
    folder = Path(named).absolute() if named else _own_folder()
    nine = _releases(folder / (_NINE if minor >= 24 else _NINE_FOR_OLD))
    if len(nine) >= 2:
        note = (
            ""
            if minor >= 24
            else f"Kubernetes 1.{minor} has no gRPC probes: the set with TCP probes is taken."
        )
        return Sample(
            "boutique",
            "Online Boutique",
            "GoogleCloudPlatform/microservices-demo",
            nine,
            note,
        )
    own = _releases(_own_folder() / "harbour")
    if len(own) < 2:
        raise CannotStart(f"There is no application to release in {folder} nor in {_own_folder()}.")
    where = f"not in {folder}" if named else "not at hand"
    note = f"The Online Boutique is {where} (SLIPWAY_SAMPLES): Slipway's own sample is taken."
    return Sample("harbour", "Harbour", "", own, note)


def _own_folder() -> Path:
    inside = paths.ROOT / "samples"
    return inside if inside.is_dir() else paths.ROOT / "deploy" / "samples"


def _releases(folder: Path) -> tuple[Path, ...]:
    found = [(match, path) for path in folder.glob("v*.yaml") if (match := _VERSION.fullmatch(path.name))]
    return tuple(path for _, path in sorted(found, key=lambda pair: [int(part) for part in pair[0].groups()]))
