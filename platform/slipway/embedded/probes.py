"""Whether a web server on this machine answers."""

from __future__ import annotations

import asyncio
import contextlib

from slipway.embedded import loopback


async def answers_http(port: int, path: str) -> bool:
    """Any answer but a server error will do: it says that the process serves, not that all is well."""
    try:
        reader, writer = await asyncio.wait_for(asyncio.open_connection(loopback.ADDRESS, port), 2)
    except (OSError, TimeoutError):
        return False
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n".encode())
        status = await asyncio.wait_for(reader.readline(), 5)
    except (OSError, TimeoutError):
        return False
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    return status.startswith(b"HTTP/1.1 ") and not status.startswith(b"HTTP/1.1 5")
