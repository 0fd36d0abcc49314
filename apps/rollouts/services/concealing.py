"""Secret values in plans and journals: digests under a key of the organization, so that equal ones of two tenants differ."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from apps.core.encryption import organization_key
from slipway import wiring
from slipway.engine.diff import FieldChange
from slipway.engine.manifests import PreparedObject
from slipway.engine.objects import Manifest
from slipway.engine.plans import PlannedObject

_DIGEST = "hmac-sha256:"  # what reading a cluster makes of each Secret value


def shown(item: PreparedObject) -> PreparedObject:
    """As a cluster would be read: a Secret's values as digests. For comparing, never for sending."""
    if item.key.kind != "Secret" or item.key.group:
        return item
    return replace(item, manifest=wiring.redact(item.manifest))


@dataclass(frozen=True, slots=True)
class Conceal:
    key: bytes

    @classmethod
    def of(cls, organization_id: UUID) -> Conceal:
        return cls(organization_key(organization_id, "secret-values"))

    def planned(self, planned: PlannedObject) -> PlannedObject:
        if planned.key.kind != "Secret" or planned.key.group:
            return planned
        changes = tuple(
            FieldChange(change.path, self._value(change.before), self._value(change.after))
            for change in planned.changes
        )
        return replace(planned, changes=changes)

    def object(self, live: Manifest) -> Manifest:
        """`live` as it was read."""
        if live.get("kind") != "Secret" or live.get("apiVersion") != "v1":
            return live
        found: Manifest = self._value(live)
        return found

    def _value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._value(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._value(inner) for inner in value]
        if isinstance(value, str) and value.startswith(_DIGEST):
            return _DIGEST + hmac.new(self.key, value.encode(), hashlib.sha256).hexdigest()[:32]
        return value
