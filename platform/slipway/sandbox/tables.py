"""Answers in the form of a table, which is what `kubectl get` asks for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from slipway.sandbox.cells import at, since
from slipway.sandbox.columns import AGE, COLUMNS, NAME, Column
from slipway.sandbox.requests import Target
from slipway.sandbox.store import Manifest


def wanted(accept: str) -> bool:
    return "as=Table" in accept.partition(",")[0] and "v=v1;" in accept + ";"


def of_list(listed: Manifest, target: Target, query: dict[str, str]) -> Manifest:
    return _table(listed["items"], listed["metadata"], target, query)


def of_object(obj: Manifest, target: Target, query: dict[str, str]) -> Manifest:
    if obj.get("kind") == "Status":
        return obj
    return _table([obj], {"resourceVersion": obj["metadata"].get("resourceVersion", "")}, target, query)


def _table(objects: Sequence[Manifest], metadata: Any, target: Target, query: dict[str, str]) -> Manifest:
    columns = _columns(target)
    include = query.get("includeObject") or "Metadata"
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": [
            {
                "name": column.name,
                "type": column.type,
                "format": "name" if column is NAME else "",
                "description": "",
                "priority": int(column.wide),
            }
            for column in columns
        ],
        "rows": [
            {
                "cells": [None if "metadata" not in obj else column.cell(obj) for column in columns],
                "object": _included(obj, include),
            }
            for obj in objects
        ],
    }


def _included(obj: Manifest, include: str) -> Manifest | None:
    if include == "None":
        return None
    if include == "Object":
        return obj
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": obj["metadata"],
    }


def _columns(target: Target) -> tuple[Column, ...]:
    if target.kind.definition is None:
        return COLUMNS.get(target.kind.kind, (NAME, AGE))
    return _custom_columns(target)


def _custom_columns(target: Target) -> tuple[Column, ...]:
    definition = target.kind.definition or {}
    for version in definition["spec"]["versions"]:
        extra = version.get("additionalPrinterColumns")
        if version["name"] == target.version and extra:
            return (NAME, *(_printer(one) for one in extra))
    return (NAME, AGE)


def _printer(column: dict[str, Any]) -> Column:
    path = re.sub(r"\[(\d+)\]", r".\1", str(column["jsonPath"])).strip(".")

    def cell(obj: Manifest) -> Any:
        value = at(obj, path)
        return since(value) if column.get("type") == "date" and value else value

    return Column(column["name"], cell, bool(column.get("priority")), column.get("type", "string"))
