from __future__ import annotations

import base64

from slipway.engine.objects import Manifest


def fold_string_data(manifest: Manifest) -> None:
    """In place. `stringData` is write-only: sent by a server-side apply, a key that is dropped later would stay."""
    values = manifest.pop("stringData", None)
    if isinstance(values, dict) and values:
        data = manifest.get("data")
        if not isinstance(data, dict):
            data = manifest["data"] = {}
        for name, value in values.items():
            data[name] = base64.b64encode(str(value).encode()).decode()
