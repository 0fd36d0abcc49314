"""A wheel without its third-party files would serve pages without fonts, and say nothing. So it is not built."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class VendoredFiles(BuildHookInterface[Any]):
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """An editable install serves the checkout, which set-up completes afterwards."""
        if version == "editable":
            return
        root = Path(self.root)
        listed = json.loads((root / "deploy" / "set-up" / "front-end" / "vendor.json").read_text())
        for name, entry in listed.items():
            path = root / "static" / "vendor" / name
            if not path.is_file():
                raise FileNotFoundError(f"static/vendor/{name} is missing. `make assets` fetches it.")
            if hashlib.sha256(path.read_bytes()).hexdigest() != entry["sha256"]:
                raise ValueError(f"static/vendor/{name} is not the file that vendor.json lists.")
