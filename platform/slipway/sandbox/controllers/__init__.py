"""The sandbox's simulated controllers: what makes an applied object happen. Nothing runs; it only looks like it."""

from __future__ import annotations

from slipway.sandbox.controllers.logs import LogsUnavailable, pod_logs
from slipway.sandbox.controllers.running import run

__all__ = ["LogsUnavailable", "pod_logs", "run"]
