"""Wake-ups over the channel layer: a stream's name and a number, nothing else. May be lost at any time."""

from __future__ import annotations

import re

import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

log = structlog.get_logger(__name__)

WAKE_GROUP = "slipway.wake"
_NAME = re.compile(r"[a-z]+\.[0-9a-f-]{36}")


def announce(stream: str, number: int) -> None:
    if not _NAME.fullmatch(stream):
        raise ValueError(f"{stream!r} is no stream.")
    layer = get_channel_layer()
    if layer is None:
        return
    message = {"type": "wake", "stream": stream, "number": number}
    try:
        async_to_sync(layer.group_send)(WAKE_GROUP, message)
    except Exception as error:  # noqa: BLE001  whatever the layer's trouble, heads are compared every 2 s
        log.warning("wake_lost", stream=stream, error=type(error).__name__)
