from slipway.adapters.web.session import GuardedDocuments, GuardedSession

__all__ = ["GuardedDocuments", "GuardedSession"]
