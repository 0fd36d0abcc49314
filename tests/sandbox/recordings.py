"""What the real 1.20 control plane answered, and what may differ from it, each with its reason."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "recorded"

# Names, numbers and moments of one server.
_OF_THE_MOMENT = ("uid", "creationTimestamp", "resourceVersion", "selfLink", "generation")


def load(name: str) -> list[dict[str, Any]]:
    return list(json.loads((FOLDER / f"v1.20-{name}.json").read_text()))


def comparable(answer: dict[str, Any]) -> dict[str, Any]:
    if answer.get("kind") == "Status":
        return {"code": answer["code"], "message": answer["message"]}
    obj = copy.deepcopy(answer)
    metadata = obj["metadata"]
    for key in _OF_THE_MOMENT:
        metadata.pop(key, None)
    metadata["managedFields"] = sorted(
        (
            {key: value for key, value in entry.items() if key not in ("time", "subresource")}
            for entry in metadata.get("managedFields", ())
            if entry["manager"] != "kube-controller-manager"  # controllers ran beside the recorded writes
        ),
        key=lambda entry: (entry["operation"], entry["manager"]),
    )
    annotations = metadata.get("annotations", {})
    annotations.pop("deployment.kubernetes.io/revision", None)
    if annotations == {}:
        metadata.pop("annotations", None)
    obj.pop("status", None)
    obj.pop("secrets", None)
    return obj


def differences(recorded: Any, found: Any, path: str = "") -> Iterator[str]:
    if isinstance(recorded, dict) and isinstance(found, dict):
        for key in sorted(recorded.keys() | found.keys()):
            where = f"{path}.{key}"
            if key not in recorded:
                yield f"{where}: not recorded, here {found[key]!r}"
            elif key not in found:
                yield f"{where}: recorded {recorded[key]!r}, not here"
            else:
                yield from differences(recorded[key], found[key], where)
    elif isinstance(recorded, list) and isinstance(found, list) and len(recorded) == len(found):
        for index, (left, right) in enumerate(zip(recorded, found, strict=True)):
            yield from differences(left, right, f"{path}[{index}]")
    elif recorded != found:
        yield f"{path}: recorded {recorded!r}, here {found!r}"
