"""How each object is, as one sentence. Pure: `now` is an argument."""

from slipway.engine.health.assess import assess
from slipway.engine.health.values import Assessment, Health, ObjectHealth, PodHealth

__all__ = ["Assessment", "Health", "ObjectHealth", "PodHealth", "assess"]
