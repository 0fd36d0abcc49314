"""How many queries each page costs, exactly: query_counts.json. `UPDATE_QUERY_COUNTS=1` writes those anew that are asked."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.e2e.story import Story, make_story
from tests.people import People

PATH = Path(__file__).with_name("query_counts.json")

Costs = Callable[..., None]


@pytest.fixture
def story(transactional_database: str, people: People) -> Story:
    """A shop with three environments on one cluster, in a database of its own."""
    return make_story(people)


@pytest.fixture
def costs() -> Costs:
    """`costs(client, name, url, **headers)`: as many queries as are written down under that name. The page is asked
    once before, so that what is noted once a minute (a session's last use) is not counted."""

    def check(client: Any, name: str, url: str, **headers: str) -> None:
        assert client.get(url, headers=headers).status_code == 200, url
        with CaptureQueriesContext(connection) as captured:
            client.get(url, headers=headers)
        sql = [query["sql"] for query in captured.captured_queries]
        if os.environ.get("UPDATE_QUERY_COUNTS"):
            _write(name, len(sql))
            return
        expected = json.loads(PATH.read_text()) if PATH.exists() else {}
        assert name in expected, f"{name} is not written down; UPDATE_QUERY_COUNTS=1 does it"
        listed = "\n".join(f"{number}. {text[:300]}" for number, text in enumerate(sql, 1))
        assert len(sql) == expected[name], f"{name}: {len(sql)}, not {expected[name]}:\n{listed}"

    return check


def _write(name: str, number: int) -> None:
    with PATH.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        kept = json.loads(file.read() or "{}") | {name: number}
        file.seek(0)
        file.truncate()
        file.write(json.dumps(dict(sorted(kept.items())), indent=2) + "\n")
