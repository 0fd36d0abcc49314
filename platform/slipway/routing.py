"""Which socket goes where. Imported by asgi after Django is set up."""

from apps.live.routing import sockets

websockets = sockets()
