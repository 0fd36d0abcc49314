"""The few bodies that kubectl sends as protobuf: what its `create` makes of its own, and evictions.

Everything else travels as JSON. A message that says more than this table knows is refused (415), never read in
part. Field numbers are those of Kubernetes' published .proto files.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from slipway.sandbox.errors import ApiError

MAGIC = b"k8s\x00"
CONTENT_TYPE = "application/vnd.kubernetes.protobuf"

# By number: the JSON name and what it holds. Message names are keys of _MESSAGES; [] repeats; {} is a map.
_MESSAGES: Mapping[str, Mapping[int, tuple[str, str]]] = {
    "ObjectMeta": {
        1: ("name", "string"),
        2: ("generateName", "string"),
        3: ("namespace", "string"),
        8: ("creationTimestamp", "skip"),
        11: ("labels", "{string}"),
        12: ("annotations", "{string}"),
        14: ("finalizers", "[string]"),
    },
    "Namespace": {1: ("metadata", "ObjectMeta"), 2: ("spec", "skip"), 3: ("status", "skip")},
    "ConfigMap": {
        1: ("metadata", "ObjectMeta"),
        2: ("data", "{string}"),
        3: ("binaryData", "{bytes}"),
        4: ("immutable", "bool"),
    },
    "Secret": {
        1: ("metadata", "ObjectMeta"),
        2: ("data", "{bytes}"),
        3: ("type", "string"),
        4: ("stringData", "{string}"),
        5: ("immutable", "bool"),
    },
    "ServiceAccount": {1: ("metadata", "ObjectMeta")},
    "Deployment": {1: ("metadata", "ObjectMeta"), 2: ("spec", "DeploymentSpec"), 3: ("status", "skip")},
    "DeploymentSpec": {
        1: ("replicas", "int"),
        2: ("selector", "LabelSelector"),
        3: ("template", "PodTemplateSpec"),
        4: ("strategy", "DeploymentStrategy"),
        5: ("minReadySeconds", "int"),
    },
    "DeploymentStrategy": {1: ("type", "string")},
    "LabelSelector": {1: ("matchLabels", "{string}")},
    "Job": {1: ("metadata", "ObjectMeta"), 2: ("spec", "JobSpec"), 3: ("status", "skip")},
    "JobSpec": {6: ("template", "PodTemplateSpec"), 7: ("backoffLimit", "int")},
    "PodTemplateSpec": {1: ("metadata", "ObjectMeta"), 2: ("spec", "PodSpec")},
    "PodSpec": {2: ("containers", "[Container]"), 3: ("restartPolicy", "string")},
    "Container": {
        1: ("name", "string"),
        2: ("image", "string"),
        3: ("command", "[string]"),
        4: ("args", "[string]"),
        6: ("ports", "[ContainerPort]"),
        8: ("resources", "Nothing"),
    },
    "ContainerPort": {1: ("name", "string"), 3: ("containerPort", "int"), 4: ("protocol", "string")},
    "Nothing": {},
    "Eviction": {1: ("metadata", "ObjectMeta"), 2: ("deleteOptions", "DeleteOptions")},
    "DeleteOptions": {1: ("gracePeriodSeconds", "int"), 4: ("propagationPolicy", "string")},
    "TypeMeta": {1: ("apiVersion", "string"), 2: ("kind", "string")},
    "Unknown": {
        1: ("typeMeta", "TypeMeta"),
        2: ("raw", "raw"),
        3: ("contentEncoding", "string"),
        4: ("contentType", "string"),
    },
}
Entry = tuple[int, int | bytes]


def decode(body: bytes) -> dict[str, Any]:
    if not body.startswith(MAGIC):
        raise _unsupported("no Kubernetes protobuf")
    try:
        envelope = _message("Unknown", body[len(MAGIC) :])
        kind = envelope["typeMeta"]["kind"]
        if kind not in _MESSAGES:
            raise _unsupported(f"{kind} as protobuf is not read here")
        return {**envelope["typeMeta"], **_message(kind, envelope["raw"])}
    except (IndexError, KeyError, UnicodeDecodeError) as error:
        raise _unsupported("the protobuf body is broken") from error


def _message(name: str, data: bytes) -> dict[str, Any]:
    fields, answer = _MESSAGES[name], dict[str, Any]()
    for number, value in _entries(data):
        if number not in fields:
            if value in (0, b""):
                continue  # Go writes empty strings and zeros out
            raise _unsupported(
                f"field {number} of {name} as protobuf is not read here; send JSON or use kubectl apply"
            )
        key, kind = fields[number]
        if kind.startswith("["):
            answer.setdefault(key, []).append(_value(kind[1:-1], value))
        elif kind.startswith("{"):
            entry = dict(_entries(_bytes(value)))
            name_of = _bytes(entry.get(1, b"")).decode()
            answer.setdefault(key, {})[name_of] = _value(kind[1:-1], entry.get(2, b""))
        elif kind != "skip" and (found := _value(kind, value)) not in ("", None):
            answer[key] = found
    return answer


def _value(kind: str, value: int | bytes) -> Any:
    if kind == "int":
        number = int(value) if isinstance(value, int) else 0
        return number - (1 << 64) if number >= 1 << 63 else number
    if kind == "bool":
        return bool(value)
    if kind == "string":
        return _bytes(value).decode()
    if kind == "bytes":
        return base64.b64encode(_bytes(value)).decode()
    if kind == "raw":
        return _bytes(value)
    return _message(kind, _bytes(value))


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise KeyError("a number where bytes belong")
    return value


def _entries(data: bytes) -> Iterator[Entry]:
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        wire = tag & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield tag >> 3, value
        elif wire == 2:
            length, at = _varint(data, at)
            if at + length > len(data):
                raise IndexError("cut off")
            yield tag >> 3, data[at : at + length]
            at += length
        else:
            raise KeyError("a wire type that Kubernetes does not use")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at


def _unsupported(why: str) -> ApiError:
    return ApiError(415, "UnsupportedMediaType", f"the body of the request was in an unknown format: {why}")
