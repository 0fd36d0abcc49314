"""How many queries each address costs, exactly: tests/api/query_counts.json. `UPDATE_QUERY_COUNTS=1` writes it anew."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

PATH = Path(__file__).with_name("query_counts.json")


def check_counts(counted: dict[str, list[str]]) -> None:
    """`counted` is name → the SQL that ran."""
    if os.environ.get("UPDATE_QUERY_COUNTS"):
        counts = {name: len(queries) for name, queries in sorted(counted.items())}
        PATH.write_text(json.dumps(counts, indent=2) + "\n")
        return
    expected = json.loads(PATH.read_text())
    assert set(counted) == set(expected), "UPDATE_QUERY_COUNTS=1 writes them anew"
    for name, queries in counted.items():
        listed = "\n".join(f"{number}. {sql[:300]}" for number, sql in enumerate(queries, 1))
        assert len(queries) == expected[name], f"{name}: {len(queries)}, not {expected[name]}:\n{listed}"


def queries_of(ask: Any) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        ask()
    return [query["sql"] for query in captured.captured_queries]
