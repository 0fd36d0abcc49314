"""What may be a name, a label key, a label value: the rules and the wordings of apimachinery."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from slipway.sandbox.errors import Cause, invalid_value

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_OLD_LABEL = "[a-z]([-a-z0-9]*[a-z0-9])?"
_NAME_PART = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = f"({_NAME_PART})?"

SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
    "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    rf"'{_SUBDOMAIN}')"
)
LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
    "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    f"'{_LABEL}')"
)
OLD_LABEL = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
    "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation "
    f"is '{_OLD_LABEL}')"
)
_NAME_PART_TEXT = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    f"'{_NAME_PART}')"
)
_VALUE_TEXT = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start "
    "and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for "
    f"validation is '{_VALUE}')"
)
_CONFIG_KEY = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
    "'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)
_PATH_SEGMENT_GROUPS = {"rbac.authorization.k8s.io"}  # their names may hold colons and capitals


def _fits(pattern: str, text: str, longest: int) -> bool:
    return len(text) <= longest and re.fullmatch(pattern, text) is not None


def label(field: str, text: str) -> list[Cause]:
    return [] if _fits(_LABEL, text, 63) else [_too_long_or(field, text, 63, LABEL)]


def _too_long_or(field: str, text: str, longest: int, otherwise: str) -> Cause:
    if len(text) > longest:
        return invalid_value(field, text, f"must be no more than {longest} characters")
    return invalid_value(field, text, otherwise)


def object_name(name: str, group: str, kind: str) -> list[Cause]:
    field = "metadata.name"
    if group in _PATH_SEGMENT_GROUPS:
        bad = name in (".", "..") or "/" in name or "%" in name
        return [invalid_value(field, name, "may not contain '/' or '%'")] if bad else []
    if kind == "Service":
        return [] if _fits(_OLD_LABEL, name, 63) else [_too_long_or(field, name, 63, OLD_LABEL)]
    if kind == "Namespace":
        return label(field, name)
    return [] if _fits(_SUBDOMAIN, name, 253) else [_too_long_or(field, name, 253, SUBDOMAIN)]


def labels(field: str, given: Mapping[str, Any]) -> list[Cause]:
    causes = []
    for key, value in given.items():
        causes += qualified(field, key)
        if not _fits(_VALUE, str(value), 63):
            causes.append(_too_long_or(field, str(value), 63, _VALUE_TEXT))
    return causes


def qualified(field: str, key: str) -> list[Cause]:
    prefix, slash, name = key.rpartition("/")
    if not _fits(_NAME_PART, name, 63):
        return [_too_long_or(field, key, 317, _NAME_PART_TEXT)]
    if slash and not _fits(_SUBDOMAIN, prefix, 253):
        return [invalid_value(field, key, f"prefix part {SUBDOMAIN}")]
    return []


def config_keys(field: str, given: Mapping[str, Any]) -> list[Cause]:
    return [
        invalid_value(f"{field}[{key}]", key, _CONFIG_KEY)
        for key in given
        if not _fits("[-._a-zA-Z0-9]+", key, 253) or key in (".", "..")
    ]
