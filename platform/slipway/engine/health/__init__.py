"""How each object is, as one sentence. Pure: `now` is an argument."""

from slipway.engine.health.assess import assess
from slipway.engine.health.explaining import asks_for_events
from slipway.engine.health.values import Assessment, Health, ObjectHealth, PodHealth

__all__ = ["Assessment", "Health", "ObjectHealth", "PodHealth", "asks_for_events", "assess"]
