"""Label and field selectors of lists and watches."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from slipway.sandbox.errors import bad_request
from slipway.sandbox.store import Manifest

Matches = Callable[[Manifest], bool]
Requirement = Callable[[Mapping[str, str]], bool]

_SET = re.compile(r"^\s*(\S+)\s+(in|notin)\s+\(([^)]*)\)\s*$")
_EQUAL = re.compile(r"^\s*([^\s!=]+)\s*(==|=|!=)\s*(\S*)\s*$")
_EXISTS = re.compile(r"^\s*(!?)\s*([A-Za-z0-9./_-]+)\s*$")

# A field selector on anything else is refused, as real servers do: they index only these.
FIELDS = {
    "": ("metadata.name", "metadata.namespace"),
    "Pod": (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    "Event": (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    "Namespace": ("status.phase",),
    "Secret": ("type",),
    "Node": ("spec.unschedulable",),
    "ReplicaSet": ("status.replicas",),
    "ReplicationController": ("status.replicas",),
    "Job": ("status.successful",),
}


def matcher(kind: str, labels: str, fields: str) -> Matches | None:
    """None when everything matches."""
    tests: list[Matches] = []
    if labels.strip():
        requirements = [_label(part) for part in _parts(labels)]
        tests.append(lambda obj: all(one(obj["metadata"].get("labels") or {}) for one in requirements))
    if fields.strip():
        tests.extend(_field(kind, part) for part in fields.split(",") if part.strip())
    if not tests:
        return None
    return lambda obj: all(test(obj) for test in tests)


def _parts(text: str) -> list[str]:
    """Split at commas that stand in no brackets."""
    return re.findall(r"(?:[^,(]|\([^)]*\))+", text)


def _label(text: str) -> Requirement:
    if found := _SET.match(text):
        key, word, inner = found.groups()
        values = {value.strip() for value in inner.split(",")}
        if word == "in":
            return lambda labels: labels.get(key) in values
        return lambda labels: labels.get(key) not in values
    if found := _EQUAL.match(text):
        key, sign, value = found.groups()
        if sign == "!=":
            return lambda labels: labels.get(key) != value
        return lambda labels: labels.get(key) == value
    if found := _EXISTS.match(text):
        no, key = found.groups()
        return lambda labels: (key in labels) is not bool(no)
    raise bad_request(f"unable to parse requirement: {text.strip()!r}")


def _field(kind: str, text: str) -> Matches:
    found = _EQUAL.match(text)
    if not found:
        raise bad_request(f"invalid selector: {text.strip()!r}; can't understand {text.strip()!r}")
    path, sign, wanted = found.groups()
    if path not in FIELDS[""] and path not in FIELDS.get(kind, ()):
        known = ", ".join(f'"{one}"' for one in (*FIELDS[""], *FIELDS.get(kind, ())))
        raise bad_request(f'"{path}" is not a known field selector: only {known}')
    steps = path.split(".")

    def matches(obj: Manifest) -> bool:
        value: object = obj
        for step in steps:
            value = value.get(step) if isinstance(value, Mapping) else None
        if isinstance(value, bool):
            value = str(value).lower()
        return (str("" if value is None else value) == wanted) is (sign != "!=")

    return matches
