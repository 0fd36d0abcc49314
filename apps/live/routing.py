from __future__ import annotations

from channels.routing import URLRouter
from django.urls import re_path

from apps.live.consumers import Consumer, refuse
from apps.live.hub import Hub

_ORGANIZATION = r"^ws/organizations/(?P<slug>[-a-zA-Z0-9_]+)"


def sockets(hub: Hub | None = None) -> URLRouter:
    """`hub` None: the process's own."""
    consumer = Consumer(hub)
    return URLRouter(
        [
            re_path(_ORGANIZATION + r"/rollouts/(?P<rollout>[0-9a-fA-F-]+)/$", consumer),
            re_path(_ORGANIZATION + r"/activity/$", consumer),
            re_path(r"", refuse),
        ]
    )
