"""From a change on the cluster, and from its event, to the fragments of a hundred open pages, one of them a real browser's
document; against the bare relay of the same change to as many."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from playwright.async_api import Page, async_playwright
from websockets.asyncio.client import ClientConnection, connect

from tests.benchmarks.live import (
    CHANGES,
    a_rollout_that_bakes,
    audience_of_the_relay,
    pod_status,
    relay,
    some_pod,
)
from tests.benchmarks.results import Result, percentile
from tests.people import PASSWORD
from tests.requirements import chromium
from tests.stacks.stack import RunningStack
from tests.stacks.yard import ok

PAGES = 100
_NAME = "opened"
_PAUSE_SECONDS = 0.4  # between changes, so that each is a rendering of its own

# What a document notes: the moment at which it shows the state after an event. The slider carries the newest number.
_WATCH = """() => {
    window.shownAt = {};
    const note = () => {
        const last = document.getElementById("rollout-replay")?.dataset.last;
        if (last && !(last in window.shownAt)) window.shownAt[last] = Date.now();
    };
    new MutationObserver(note).observe(document.querySelector("main"),
        { subtree: true, childList: true, attributes: true, characterData: true });
}"""


@dataclass
class Sight:
    """What one change came to."""

    sent_at: float
    event_number: int = 0
    event_at: float = 0.0  # as the worker wrote it, before it committed
    fragments_at: list[float] = field(default_factory=list)  # at each socket
    document_at: float = 0.0

    def seen_everywhere(self) -> list[float]:
        return [*self.fragments_at, self.document_at]


def measure(stack: RunningStack, *, pages: int = PAGES) -> list[Result]:
    rollout = a_rollout_that_bakes(stack, _NAME)
    try:
        with relay(stack, _NAME) as port, pod_status(stack, _NAME) as set_restarts:
            change = partial(set_restarts, some_pod(stack, _NAME))
            sights, relayed = asyncio.run(_changes(stack, rollout, change, port, pages))
    finally:
        with stack.client() as api:
            ok(api.post(f"rollouts/{rollout}/stop/", json={}))
    from_event = [at - sight.event_at for sight in sights for at in sight.seen_everywhere()]
    from_change = [at - sight.sent_at for sight in sights for at in sight.seen_everywhere()]
    documents = [sight.document_at - sight.event_at for sight in sights]
    late, plain = percentile(from_event, 0.99), percentile(relayed, 0.99)
    whole = percentile(from_change, 0.99)
    return [
        Result(
            f"event to {pages} pages, p50", percentile(from_event, 0.5) * 1000, "ms", note=_note(documents)
        ),
        Result(f"event to {pages} pages, p99", late * 1000, "ms", None, "≤ 250 ms", late <= 0.25),
        Result(f"cluster change to {pages} pages, p99, to the bare relay", whole * 1000, "ms", plain * 1000),
    ]


def _note(documents: list[float]) -> str:
    middle, late = (percentile(documents, share) * 1000 for share in (0.5, 0.99))
    return f"the one that is a real browser's document: p50 {middle:.0f} ms, p99 {late:.0f} ms"


async def _changes(
    stack: RunningStack, rollout: str, change: Callable[[int], None], relay_port: int, pages: int
) -> tuple[list[Sight], list[float]]:
    sights: list[Sight] = []
    async with _document(stack, rollout) as document, _sockets(stack, rollout, pages - 1) as crowd:
        theirs = await audience_of_the_relay(relay_port, pages)
        try:
            for number in range(CHANGES):
                mark = 500_000 + number
                sight, begun = Sight(time.time()), time.monotonic()
                crowd.expect(mark, sight)
                await asyncio.to_thread(change, mark)
                await theirs.all_saw(mark, begun)
                await crowd.all_saw()
                sight.document_at = await _shown_at(document, sight.event_number)
                sights.append(sight)
                await asyncio.sleep(_PAUSE_SECONDS)
        finally:
            await theirs.go()
    return sights, theirs.seconds


async def _shown_at(document: Page, number: int) -> float:
    """The first moment at which the document showed that event or a later one."""
    found = await document.wait_for_function(
        """number => {
            const shown = Object.entries(window.shownAt).filter(([last]) => Number(last) >= number);
            return shown.length && Math.min(...shown.map(([, at]) => at));
        }""",
        arg=number,
        timeout=20_000,
    )
    return float(await found.json_value()) / 1000


@asynccontextmanager
async def _document(stack: RunningStack, rollout: str) -> AsyncIterator[Page]:
    with stack.client() as api:
        number = ok(api.get(f"rollouts/{rollout}/"))["number"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        page = await browser.new_page()
        await page.goto(f"{stack.url}/accounts/login/")
        await page.get_by_label("E-mail").fill("vic@acme.example")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url(f"{stack.url}/o/**")
        await page.goto(f"{stack.url}/o/acme/rollouts/{number}/")
        await page.wait_for_selector("#live[data-state=live]")
        await page.evaluate(_WATCH)
        try:
            yield page
        finally:
            await browser.close()


class _Crowd:
    """Sockets that follow what a rollout's page follows, and are sent what it is sent."""

    def __init__(self, rollout: str, count: int) -> None:
        self.name, self.count = f"rollout:{rollout}", count
        # Fragments are not parsed: a hundred pages parse on a hundred machines, and here all that would be one process.
        self._fragments = re.compile(rf'{{"type":"fragments","stream":"{self.name}","number":(\d+)')
        self._event = f'{{"type":"event","stream":"{self.name}"'
        self._mark, self._sight = 0, Sight(0.0)
        self._sockets: list[ClientConnection] = []
        self._tasks: list[asyncio.Task[None]] = []

    def expect(self, mark: int, sight: Sight) -> None:
        self._mark, self._sight = mark, sight

    async def come(self, address: str, headers: dict[str, str], head: int) -> None:
        socket = await connect(address, additional_headers=headers, proxy=None, max_size=None)
        for stream, after, html in (("activity", None, False), (self.name, head, True)):
            wish = {"type": "follow", "stream": stream, "html": html}
            await socket.send(json.dumps(wish if after is None else {**wish, "after": after}))
        while json.loads(await socket.recv())["type"] != "fragments":
            pass  # it has all that the page shows
        self._sockets.append(socket)
        self._tasks.append(asyncio.create_task(self._look(socket)))

    async def _look(self, socket: ClientConnection) -> None:
        seen: Sight | None = None
        async for text in socket:
            now = time.time()
            assert isinstance(text, str)
            if fragments := self._fragments.match(text):
                sight = self._sight
                if sight and sight is not seen and 0 < sight.event_number <= int(fragments[1]):
                    sight.fragments_at.append(now)
                    seen = sight
            elif self._sight and not self._sight.event_number and text.startswith(self._event):
                self._note(json.loads(text), self._sight)

    def _note(self, frame: dict[str, Any], sight: Sight) -> None:
        """The first socket that hears of the event says for all which one it is."""
        if any(pod["restarts"] == self._mark for pod in frame["body"].get("pods", {}).values()):
            sight.event_number = frame["number"]
            sight.event_at = datetime.fromisoformat(frame["at"]).timestamp()

    async def all_saw(self) -> None:
        deadline = time.monotonic() + 20
        while len(self._sight.fragments_at) < self.count:
            if time.monotonic() > deadline:
                raise AssertionError(
                    f"{len(self._sight.fragments_at)} of {self.count} pages saw {self._mark}"
                )
            await asyncio.sleep(0.02)

    async def go(self) -> None:
        for socket in self._sockets:
            await socket.close()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def _sockets(stack: RunningStack, rollout: str, count: int) -> AsyncIterator[_Crowd]:
    with stack.client() as api:
        head = int(ok(api.get(f"rollouts/{rollout}/"))["event_number"])
    crowd = _Crowd(rollout, count)
    address = f"ws://127.0.0.1:{stack.port}/ws/organizations/acme/page/"
    try:
        for _ in range(count):
            await crowd.come(address, {"Authorization": f"Bearer {stack.tokens['ana']}"}, head)
        yield crowd
    finally:
        await crowd.go()
