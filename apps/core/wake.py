"""Wake-ups over the channel layer: a stream's name and a number, nothing else. May be lost at any time."""

from __future__ import annotations

import asyncio
import os
import re
import threading

import structlog
from channels.layers import get_channel_layer

log = structlog.get_logger(__name__)

WAKE_GROUP = "slipway.wake"
_NAME = re.compile(r"[a-z]+\.[0-9a-f-]{36}")
_SECONDS = 2.0  # then heads have been compared anyway


def announce(stream: str, number: int) -> None:
    if not _NAME.fullmatch(stream):
        raise ValueError(f"{stream!r} is no stream.")
    layer = get_channel_layer()
    if layer is None:
        return
    message = {"type": "wake", "stream": stream, "number": number}
    try:
        sent = asyncio.run_coroutine_threadsafe(layer.group_send(WAKE_GROUP, message), _loop())
        try:
            sent.result(_SECONDS)
        finally:
            sent.cancel()
    except Exception as error:  # noqa: BLE001  whatever the layer's trouble, heads are compared every 2 s
        log.warning("wake_lost", stream=stream, error=type(error).__name__)


_lock = threading.Lock()
_loops: dict[int, asyncio.AbstractEventLoop] = {}  # process id → loop: a fork leaves the thread behind


def _loop() -> asyncio.AbstractEventLoop:
    """One for the process, on a thread of its own, so that the layer keeps its connection. With a loop for each
    announcement it would connect anew each time, which takes longer than everything else together."""
    with _lock:
        loop = _loops.get(os.getpid())
        if loop is None:
            loop = _loops[os.getpid()] = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name="wake", daemon=True).start()
        return loop
