from __future__ import annotations

from slipway.adapters.manifests.documents import yaml_documents
from slipway.engine.objects import Manifest
from slipway.ports.sources import Bundle, BundleProblem, check_bundle

_ENDINGS = (".yaml", ".yml", ".json")


class PlainRenderer:
    """Every YAML file of the bundle, in path order."""

    def render(self, bundle: Bundle, path: str) -> tuple[Manifest, ...]:
        check_bundle(bundle)
        folder = path.strip("/")
        files = [
            name
            for name in sorted(bundle)
            if name.endswith(_ENDINGS) and (not folder or name == folder or name.startswith(f"{folder}/"))
        ]
        if not files:
            raise BundleProblem("The bundle holds no .yaml, .yml or .json file.")
        documents: list[Manifest] = []
        for name in files:
            documents += yaml_documents(bundle[name], filename=name)
        _refuse_twins(documents)
        return tuple(documents)


def _refuse_twins(documents: list[Manifest]) -> None:
    seen: set[tuple[str, str, str, str]] = set()
    for document in documents:
        metadata = document["metadata"]
        identity = (document["apiVersion"], document["kind"], metadata.get("namespace", ""), metadata["name"])
        if identity in seen:
            raise BundleProblem(f"{document['kind']} {metadata['name']} stands in the bundle twice.")
        seen.add(identity)
