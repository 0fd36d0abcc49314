"""Pages above say how a stream looks; live pushes it without importing them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from apps.live.streams import Fragments, Row, Stream

Renderer = Callable[[Stream, Sequence[Row]], Fragments]
"""Called once per change and process, inside `reading.picture`. `rows` is what happened since the last call; nothing
at the first one."""

_renderers: dict[str, Renderer] = {}


def register_renderer(kind: str, renderer: Renderer) -> None:
    """From a higher app's `AppConfig.ready()`; the kind makes a second registration replace the first."""
    _renderers[kind] = renderer


def render(stream: Stream, rows: Sequence[Row]) -> Fragments:
    from apps.live.reading import picture

    renderer = _renderers.get(stream.kind)
    if renderer is None:
        return Fragments(0)
    with picture(stream.organization_id):
        return renderer(stream, rows)
