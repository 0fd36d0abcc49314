"""Free ports on 127.0.0.1."""

from __future__ import annotations

import random
import socket

ADDRESS = "127.0.0.1"
# Below the range from which systems take ports for outgoing connections, so that a port that was free
# when it was chosen is not lent to some client before its server binds it.
_LOWEST, _HIGHEST = 20_000, 32_000


def is_free(port: int) -> bool:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((ADDRESS, port))
        except OSError:
            return False
    return True


def free_port(taken: frozenset[int] = frozenset()) -> int:
    """A port that is free now and not in `taken`."""
    chooser = random.SystemRandom()
    for _ in range(200):
        port = chooser.randrange(_LOWEST, _HIGHEST)
        if port not in taken and is_free(port):
            return port
    raise OSError(f"No free port between {_LOWEST} and {_HIGHEST} on {ADDRESS}.")
