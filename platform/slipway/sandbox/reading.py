"""GET of an object or a list, page by page: all pages of one list show one moment."""

from __future__ import annotations

import secrets
from collections import OrderedDict

from slipway.sandbox.errors import ApiError, not_found
from slipway.sandbox.kinds import Kind
from slipway.sandbox.requests import Target
from slipway.sandbox.selectors import Matches
from slipway.sandbox.store import Manifest, Manifests, Store
from slipway.sandbox.versions import shown_as

PENDING_LISTS = 64  # unfinished lists kept; the oldest is forgotten and answers 410, as after a compaction


class Reader:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._pending: OrderedDict[str, tuple[int, Manifests]] = OrderedDict()

    def get(self, target: Target) -> Manifest:
        found = self._store.get(target.kind.key, target.namespace, target.name)
        if found is None:
            raise not_found(target.kind.plural, target.kind.group, target.name)
        return shown_as(found, target.kind, target.version)

    def list(self, target: Target, matches: Matches | None, *, limit: int, token: str) -> Manifest:
        kind = target.kind
        if token:
            if token not in self._pending:
                raise ApiError(
                    410,
                    "Expired",
                    "The provided continue parameter is too old to display a consistent list result. You can start a "
                    "new list without the continue parameter.",
                )
            version, rest = self._pending.pop(token)
        else:
            version = self._store.version
            rest = self._store.list(kind.key, target.namespace)
            if matches is not None:
                rest = [obj for obj in rest if matches(obj)]
        metadata: dict[str, str | int] = {"resourceVersion": str(version)}
        if limit and len(rest) > limit:
            page, rest = rest[:limit], rest[limit:]
            following = secrets.token_urlsafe(12)
            self._pending[following] = (version, rest)
            if len(self._pending) > PENDING_LISTS:
                self._pending.popitem(last=False)
            metadata["continue"] = following
            metadata["remainingItemCount"] = len(rest)
        else:
            page = rest
        return {
            "kind": f"{kind.kind}List",
            "apiVersion": target.api_version,
            "metadata": metadata,
            "items": [_item(shown_as(obj, kind, target.version), kind) for obj in page],
        }


def _item(obj: Manifest, kind: Kind) -> Manifest:
    """Inside a list a built-in object does not say again what it is; a custom one does."""
    if kind.definition is not None:
        return obj
    return {key: value for key, value in obj.items() if key not in ("apiVersion", "kind")}
