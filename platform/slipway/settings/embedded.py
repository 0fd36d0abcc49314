"""One machine, one terminal: `slipway up`, `make demo`."""

from slipway.settings import logs
from slipway.settings.base import *  # noqa: F403  differences only; Django reads settings from one flat module
from slipway.settings.base import env

LOGGING = logs.configure(as_json=False, level=env.text("SLIPWAY_LOG_LEVEL", "INFO"))
LOGGING_CONFIG = "logging.config.dictConfig"
