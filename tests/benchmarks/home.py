"""Home at 500 and 5,000 applications × 5 environments, with a million events beside them: over HTTP, by the real web
process, as the application's log-in, compressed as a browser is served."""

from __future__ import annotations

import json
import re
import time

import httpx

from tests.benchmarks.results import Result, percentile
from tests.people import PASSWORD
from tests.stacks.stack import RunningStack

_ROUNDS, _WARMING = 60, 8
_SIZES = {500: 4, 5000: 20}  # applications → events of each rollout: 20,000 and 1,000,000
PAGES = {
    "home": "",
    "home, page 7": "?page=7",
    "only moving": "?only=moving",
    "only behind": "?only=behind",
    "only bad": "?only=bad",
    "behind and bad": "?only=behind&only=bad",
    "by name": "?name=ledger",
    "by label": "?label=team%3Dteam-7",
    "grouped": "?group=team",
    "list": "?layout=list",
    "activity": "activity/",
    "activity of one person": "activity/?person={ana}",
}


def measure(stack: RunningStack) -> list[Result]:
    found: list[Result] = []
    for applications, events in _SIZES.items():
        stack.run("tests.benchmarks.fleet", f"fleet-{applications}", str(applications), str(events))
    with httpx.Client(base_url=f"http://localhost:{stack.port}", follow_redirects=True) as browser:
        _sign_in(browser)
        for applications in _SIZES:
            base = f"/o/fleet-{applications}/"
            listed = browser.get(f"{base}activity/").text
            person = re.search(r'<option value="([0-9a-f-]{36})"\s*>Ana', listed)
            paths = {
                name: base + path.format(ana=person[1] if person else "") for name, path in PAGES.items()
            }
            queries = json.loads(stack.run("tests.benchmarks.home_queries", *paths.values()).splitlines()[-1])
            for name, path in paths.items():
                found.append(_page(browser, f"{name}, {applications:,} × 5", path, queries[path]))
    return found


def _page(browser: httpx.Client, name: str, path: str, queries: int) -> Result:
    seconds, size, plain = [], 0, 0
    for number in range(_ROUNDS + _WARMING):
        begun = time.perf_counter()
        with browser.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
            body = b"".join(answer.iter_raw())
        spent = time.perf_counter() - begun
        assert answer.status_code == 200, (path, answer.status_code)
        assert answer.headers["content-encoding"] == "gzip", path
        if number >= _WARMING:
            seconds.append(spent)
            size = max(size, len(body))
    plain = len(browser.get(path).content)
    middle, late = (percentile(seconds, share) * 1000 for share in (0.5, 0.95))
    return Result(
        f"{name}: p95",
        late,
        "ms",
        None,
        "≤ 150 ms, ≤ 100 KB",
        late <= 150 and size <= 100_000,
        f"p50 {middle:.0f} ms, {size / 1000:.1f} KB compressed ({plain / 1000:.0f} KB), {queries} queries",
    )


def _sign_in(browser: httpx.Client) -> None:
    page = browser.get("/accounts/login/")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert token is not None
    form = {"login": "ana@acme.example", "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
    answer = browser.post("/accounts/login/", data=form, headers={"Referer": str(page.url)})
    assert "/accounts/login/" not in str(answer.url), answer.url
