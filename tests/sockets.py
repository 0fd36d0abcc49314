"""No test talks to the outside: connections go to this machine, or to the cluster that was named for the tests."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any


class OutsideRefused(OSError):
    """Raised in place of a connection, so that the test which tried fails with the address."""


def refuse_the_outside() -> None:
    allowed = {"localhost", "", *_named_cluster()}
    socket.socket.connect = _guarded(socket.socket.connect, allowed)  # type: ignore[method-assign]  # the guard is this assignment
    socket.socket.connect_ex = _guarded(socket.socket.connect_ex, allowed)  # type: ignore[method-assign]  # same
    resolve = socket.getaddrinfo

    def getaddrinfo(host: Any, *arguments: Any, **keywords: Any) -> Any:
        _check(host, allowed)
        return resolve(host, *arguments, **keywords)

    socket.getaddrinfo = getaddrinfo


def _guarded(connect: Callable[..., Any], allowed: set[str]) -> Callable[..., Any]:
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family in {socket.AF_INET, socket.AF_INET6}:
            _check(address[0], allowed)
        return connect(self, address)

    return guarded


def _check(host: Any, allowed: set[str]) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name is None or name in allowed:
        return
    try:
        inside = ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise OutsideRefused(f"A test tried to reach {name}.")


def _named_cluster() -> set[str]:
    path = os.environ.get("SLIPWAY_TEST_KUBECONFIG", "")
    text = Path(path).read_text() if path and Path(path).is_file() else ""
    return set(re.findall(r"server:\s*\"?https?://\[?([^\]/:\"\s]+)", text))
