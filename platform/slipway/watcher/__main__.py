"""`python -m slipway.watcher`: settings come from the environment as everywhere."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "slipway.settings.embedded")
    import django

    django.setup()

    import structlog

    from slipway.watcher.process import Watcher

    watcher = Watcher()
    log = structlog.get_logger("slipway.watcher")

    def stop(number: int, frame: FrameType | None) -> None:
        watcher.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    watcher.run(ready=lambda: log.info("watcher_ready", holder=watcher.holder))
    log.info("watcher_ended")
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Streams still wait on their sockets; they hold nothing that is worth waiting for.
    os._exit(code)
