import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "slipway.settings.embedded")

http = get_asgi_application()  # sets Django up, which the sockets' imports need

from slipway.routing import websockets  # noqa: E402  the line above must come first

application = ProtocolTypeRouter({"http": http, "websocket": websockets})
