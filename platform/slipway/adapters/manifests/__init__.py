"""Bundles to documents: plain YAML and Kustomize."""

from slipway.adapters.manifests.archives import read_archive
from slipway.adapters.manifests.documents import yaml_documents
from slipway.adapters.manifests.kustomize import KustomizeRenderer
from slipway.adapters.manifests.plain import PlainRenderer

__all__ = ["KustomizeRenderer", "PlainRenderer", "read_archive", "yaml_documents"]
