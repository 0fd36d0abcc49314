"""Kubernetes behind `ports.clusters`, by the official client's transport and our own words."""

from slipway.adapters.kubernetes.clusters import KubernetesClusters
from slipway.adapters.kubernetes.secrets import redact

__all__ = ["KubernetesClusters", "redact"]
