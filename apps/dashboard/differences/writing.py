"""Values as YAML lines for reading, and paths as people write them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

# What begins with a digit reads as a number or a time unless a letter says that it is none: 300Mi, not 1e3 or 0x1f.
_PLAIN = re.compile(r"[A-Za-z_/][\w./@:+-]*[\w/]|[A-Za-z_]|\d[\w.+-]*[g-nps-wyzG-NPS-WYZ]\w*")
_SPECIAL = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
# A member, a quoted member, or an entry of a list; a bracket ends before a dot, a bracket, or the end.
_STEP = re.compile(r'\[(.*?)\](?=$|[.\[])|"((?:[^"\\]|\\.)*)"|([^.\["]+)', re.DOTALL)


def yaml_lines(value: Any, indent: int = 0) -> Iterator[str]:
    """Keys sorted; text of several lines as a block, so that it can be compared line by line."""
    pad = "  " * indent
    if isinstance(value, dict) and value:
        for name in sorted(value, key=str):
            yield from _entry(f"{pad}{_scalar(str(name))}:", value[name], indent)
    elif isinstance(value, list) and value:
        for entry in value:
            if isinstance(entry, dict | list) and entry:
                first, *rest = yaml_lines(entry, indent + 1)
                yield f"{pad}- {first.lstrip()}"
                yield from rest
            else:
                yield from _entry(f"{pad}-", entry, indent)
    else:
        yield f"{pad}{_scalar(value)}"


def _entry(lead: str, value: Any, indent: int) -> Iterator[str]:
    if isinstance(value, dict | list) and value:
        yield lead
        yield from yaml_lines(value, indent + 1)
    elif isinstance(value, str) and "\n" in value:
        yield f"{lead} |" if value.endswith("\n") else f"{lead} |-"
        pad = "  " * (indent + 1)
        for line in value.removesuffix("\n").split("\n"):
            yield f"{pad}{line}" if line else ""
    else:
        yield f"{lead} {_scalar(value)}"


def _scalar(value: Any) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _SPECIAL:
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def steps(path: str) -> list[str]:
    """`spec.containers[name=web]."a.b"` → ["spec", "containers", "[web]", "a.b"]."""
    found = []
    for entry, quoted, member in _STEP.findall(path):
        if entry:
            found.append(f"[{entry.removeprefix('name=')}]")
        else:
            found.append(json.loads(f'"{quoted}"') if quoted else member)
    return found


def parent_and_leaf(path: str) -> tuple[str, str]:
    """What a field's line is headed by, and how the line itself begins."""
    if not path:
        return "", ""
    *above, leaf = steps(path)
    return joined(above), leaf


def joined(parts: list[str]) -> str:
    text = ""
    for part in parts:
        text += part if part.startswith("[") or not text else f".{part}"
    return text
