"""Image references, taken apart as the distribution specification writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from slipway.engine.manifests.podspecs import containers, pod_spec
from slipway.engine.objects import Manifest

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, order=True)
class ImageReference:
    repository: str  # as written: `busybox` stays `busybox`
    tag: str = ""
    digest: str = ""

    @classmethod
    def parse(cls, text: str) -> ImageReference:
        """`host:5000/a/b:tag@sha256:…`: a colon before the last slash belongs to the host's port."""
        rest, _, digest = text.partition("@")
        head, slash, last = rest.rpartition("/")
        name, _, tag = last.partition(":")
        return cls(f"{head}{slash}{name}", tag, digest if _DIGEST.fullmatch(digest) else "")

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.repository}{tag}" + (f"@{self.digest}" if self.digest else "")

    @property
    def pinned(self) -> bool:
        return bool(self.digest)


def images_of(manifest: Manifest) -> Iterator[tuple[str, ImageReference]]:
    """(where, image): `Deployment web/server`."""
    spec = pod_spec(manifest)
    if spec is None:
        return
    name = (manifest.get("metadata") or {}).get("name", "")
    for container in containers(spec):
        if isinstance(container.get("image"), str):
            yield (
                f"{manifest.get('kind')} {name}/{container.get('name', '')}",
                ImageReference.parse(container["image"]),
            )


def override_images(manifest: Manifest, overrides: Mapping[str, str]) -> None:
    """In place. `overrides` maps a repository to the image to run instead."""
    spec = pod_spec(manifest)
    if spec is None or not overrides:
        return
    for container in containers(spec):
        image = container.get("image")
        if isinstance(image, str) and (instead := overrides.get(ImageReference.parse(image).repository)):
            container["image"] = instead
