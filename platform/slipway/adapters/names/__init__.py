from slipway.adapters.names.given import GivenTextRecords
from slipway.adapters.names.resolver import ResolverTextRecords

__all__ = ["GivenTextRecords", "ResolverTextRecords"]
