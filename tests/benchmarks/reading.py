"""One rollout read over HTTP, against a bare Django view with the same middleware, token check, scope and SQL."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

import httpx

from slipway.embedded import loopback
from tests.benchmarks.results import Result
from tests.stacks.stack import CHECKOUT, RunningStack
from tests.stacks.yard import ok

_ROUNDS = 400


def measure(stack: RunningStack) -> list[Result]:
    with stack.client() as api:
        rollout = ok(api.get("rollouts/", params={"limit": 1}))["items"][0]["id"]
    port = loopback.free_port()
    environment = {**stack.environment(), "DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings"}
    web = subprocess.Popen(
        [
            *(sys.executable, "-m", "uvicorn", "slipway.asgi:application", "--port", str(port)),
            *("--lifespan", "off", "--no-access-log", "--log-level", "warning"),
        ],
        cwd=CHECKOUT,
        env=environment,
    )
    headers = {"Authorization": f"Bearer {stack.tokens['ana']}"}
    paths = (f"/api/v1/organizations/acme/rollouts/{rollout}/", f"/bare/acme/rollouts/{rollout}/")
    seconds: dict[str, list[float]] = {path: [] for path in paths}
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers) as client:
            _wait(client)
            for number in range(_ROUNDS):
                for path in paths if number % 2 else reversed(paths):
                    begun = time.perf_counter()
                    answer = client.get(path)
                    spent = time.perf_counter() - begun
                    assert answer.status_code == 200, answer.text
                    if number >= 50:
                        seconds[path].append(spent)
    finally:
        web.terminate()
        web.wait()
    api_seconds, bare_seconds = (statistics.median(seconds[path]) * 1000 for path in paths)
    return [
        Result(
            "read of one rollout over the API, median",
            api_seconds,
            "ms",
            bare_seconds,
            "ratio ≤ 2",
            api_seconds <= 2 * bare_seconds,
        )
    ]


def _wait(client: httpx.Client) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            client.get("/healthz")
            return
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
