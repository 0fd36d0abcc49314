"""1,000 events a second on one stream: every viewer gets each of them once, in order."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from uuid import UUID

from websockets.asyncio.client import connect

from tests.benchmarks.live import stack_head
from tests.benchmarks.results import Result
from tests.stacks.stack import RunningStack
from tests.stacks.yard import ok

_EVENTS, _VIEWERS, _BATCH = 5000, 10, 50


def measure(stack: RunningStack) -> list[Result]:
    with stack.client() as api:
        rollout = UUID(ok(api.get("rollouts/", params={"limit": 1}))["items"][0]["id"])
    lost, seconds, writing = asyncio.run(_stream(stack, rollout))
    rate = _EVENTS / writing
    return [
        Result(
            f"events lost of {_EVENTS} for {_VIEWERS} viewers",
            lost,
            "",
            None,
            "none at 1,000 events/s",
            lost == 0 and rate >= 950,
            f"written at {rate:.0f} events/s; the last one arrived {seconds - writing:.2f} s after it was written",
        )
    ]


async def _stream(stack: RunningStack, rollout: UUID) -> tuple[int, float, float]:
    head = stack_head(stack, str(rollout))
    address = f"ws://127.0.0.1:{stack.port}/ws/organizations/acme/rollouts/{rollout}/?after={head}"
    headers = {"Authorization": f"Bearer {stack.tokens['ana']}"}
    begun = time.monotonic()
    viewers = [asyncio.create_task(_view(address, headers, head)) for _ in range(_VIEWERS)]
    await asyncio.sleep(1)
    begun = time.monotonic()
    written = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.benchmarks.pouring", str(rollout), str(_EVENTS), str(_BATCH)),
        env=stack.environment(),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await written.communicate()
    assert written.returncode == 0
    writing = float(output)
    lost = sum(await asyncio.gather(*viewers))
    return lost, time.monotonic() - begun, writing


async def _view(address: str, headers: dict[str, str], head: int) -> int:
    """How many of the events it did not get, or got out of order."""
    expected = head + 1
    lost = 0
    async with connect(address, additional_headers=headers, proxy=None, max_size=None) as socket:
        while expected <= head + _EVENTS:
            frame = json.loads(await asyncio.wait_for(socket.recv(), 60))
            if frame["type"] == "event":
                lost += abs(frame["number"] - expected)
                expected = frame["number"] + 1
            elif frame["type"] == "snapshot":
                lost += max(0, frame["head"] + 1 - expected)
                expected = frame["head"] + 1
    return lost
