from __future__ import annotations

from typing import Any

from channels.routing import URLRouter
from django.urls import re_path

from apps.live.consumers import Consumer, refuse
from apps.live.hub import Hub
from apps.live.logs import LogConsumer

_ORGANIZATION = r"^ws/organizations/(?P<slug>[-a-zA-Z0-9_]+)"


def sockets(hub: Hub | None = None) -> URLRouter:
    """`hub` None: the process's own."""
    # Typed loosely: Django's stubs know views only, and these are ASGI applications.
    page: Any = Consumer(hub, page=True)
    consumer: Any = Consumer(hub)
    log: Any = LogConsumer(hub)
    nowhere: Any = refuse
    return URLRouter(
        [
            re_path(_ORGANIZATION + r"/page/$", page),
            re_path(_ORGANIZATION + r"/rollouts/(?P<number>\d{1,9})/pods/(?P<uid>[0-9a-zA-Z-]+)/log/$", log),
            re_path(_ORGANIZATION + r"/rollouts/(?P<rollout>[0-9a-fA-F-]+)/$", consumer),
            re_path(_ORGANIZATION + r"/activity/$", consumer),
            re_path(r"", nowhere),
        ]
    )
