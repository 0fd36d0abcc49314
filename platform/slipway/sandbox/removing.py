"""DELETE of an object or a collection, with preconditions, grace and propagation."""

from __future__ import annotations

from typing import Any

from slipway.sandbox.errors import Cause, conflict, invalid, not_found
from slipway.sandbox.requests import Options, Target
from slipway.sandbox.selectors import Matches
from slipway.sandbox.store import GroupKind, Manifest, Store
from slipway.sandbox.versions import shown_as

_POLICIES = ("Foreground", "Background", "Orphan")
# Kinds from before garbage collection leave their dependents unless told otherwise.
_ORPHAN_BY_DEFAULT = {("batch", "Job"), ("", "ReplicationController")}


class Remover:
    def __init__(self, store: Store) -> None:
        self._store = store

    def delete(self, target: Target, body: Any, query: dict[str, str], options: Options) -> Manifest:
        """The answer: the object while something still holds it, a Status when it is gone."""
        kind, given = target.kind, _options(body, query)
        live = self._store.get(kind.key, target.namespace, target.name)
        if live is None:
            raise not_found(kind.plural, kind.group, target.name)
        _check_preconditions(live, given.get("preconditions") or {}, target)
        if options.dry_run or "All" in (given.get("dryRun") or ()):
            return _gone(live, target)
        after = self._delete(kind.key, live, given)
        held = self._store.get(kind.key, target.namespace, target.name)
        return shown_as(after, kind, target.version) if held is not None else _gone(live, target)

    def delete_all(
        self, target: Target, matches: Matches | None, body: Any, query: dict[str, str], options: Options
    ) -> None:
        given = _options(body, query)
        for live in self._store.list(target.kind.key, target.namespace):
            dry = options.dry_run or "All" in (given.get("dryRun") or ())
            if not dry and (matches is None or matches(live)):
                self._delete(target.kind.key, live, given)

    def _delete(self, gk: GroupKind, live: Manifest, given: dict[str, Any]) -> Manifest:
        policy = given.get("propagationPolicy")
        if policy is None and given.get("orphanDependents") is not None:
            policy = "Orphan" if given["orphanDependents"] else "Background"
        if policy is None and gk in _ORPHAN_BY_DEFAULT:
            policy = "Orphan"
        metadata = live["metadata"]
        return self._store.delete(
            gk,
            metadata.get("namespace", ""),
            metadata["name"],
            grace=_grace(live, given.get("gracePeriodSeconds")) if gk == ("", "Pod") else 0,
            propagation=policy,
        )


def _grace(pod: Manifest, asked: Any) -> int:
    """A pod that no kubelet has, or that has ended, needs no time to stop."""
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    if not spec.get("nodeName") or status.get("phase") in ("Succeeded", "Failed"):
        return 0
    return int(spec.get("terminationGracePeriodSeconds", 30) if asked is None else asked)


def _options(body: Any, query: dict[str, str]) -> dict[str, Any]:
    given = dict(body) if isinstance(body, dict) else {}
    if "propagationPolicy" in query:
        given["propagationPolicy"] = query["propagationPolicy"]
    if "gracePeriodSeconds" in query:
        given["gracePeriodSeconds"] = int(query["gracePeriodSeconds"])
    if "orphanDependents" in query:
        given["orphanDependents"] = query["orphanDependents"] == "true"
    policy = given.get("propagationPolicy")
    if policy is not None and policy not in _POLICIES:
        listed = ", ".join(f'"{one}"' for one in (*_POLICIES, "nil"))
        message = f'Unsupported value: "{policy}": supported values: {listed}'
        cause = Cause("FieldValueNotSupported", message, "propagationPolicy")
        raise invalid("DeleteOptions", "meta.k8s.io", "", [cause])
    return given


def _check_preconditions(live: Manifest, wanted: dict[str, Any], target: Target) -> None:
    metadata, kind = live["metadata"], target.kind
    for field, word, hint in (
        ("uid", "UID", "The object might have been deleted and then recreated"),
        ("resourceVersion", "ResourceVersion", "The object might have been modified"),
    ):
        asked, found = wanted.get(field), metadata[field]
        if asked is not None and asked != found:
            why = f"the {word} in the precondition ({asked}) does not match the {word} in record ({found}). {hint}"
            raise conflict(kind.kind, kind.group, target.name, why)


def _gone(live: Manifest, target: Target) -> Manifest:
    details = {"name": target.name, "kind": target.kind.plural, "uid": live["metadata"]["uid"]}
    if target.kind.group:
        details["group"] = target.kind.group
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
