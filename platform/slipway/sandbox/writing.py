"""Create, replace, patch, apply: everything that changes an object, as one flow.

decode → hold against the type → merge into what is there → fill in → admit → validate → account for owners →
store. A dry run goes the same way and stops before the last step.
"""

from __future__ import annotations

import copy
import secrets
import uuid
from typing import Any

from slipway.sandbox import admission, defaults, immutability, managed, patches, validation
from slipway.sandbox.decoding import Decoder
from slipway.sandbox.errors import (
    ApiError,
    already_exists,
    bad_request,
    conflict,
    immutable,
    invalid,
    modified,
    not_found,
    required,
)
from slipway.sandbox.managed import Manager
from slipway.sandbox.requests import Options, Target
from slipway.sandbox.store import Exists, Manifest, StaleVersion, Store, has_generation, now
from slipway.sandbox.versions import shown_as, stored_as

_SYSTEM_METADATA = (
    "uid",
    "creationTimestamp",
    "generation",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "selfLink",
)


class Writer:
    def __init__(self, store: Store) -> None:
        self._store = store

    def live(self, target: Target) -> Manifest | None:
        found = self._store.get(target.kind.key, target.namespace, target.name)
        return shown_as(found, target.kind, target.version) if found is not None else None

    def create(self, target: Target, body: Any, options: Options) -> Manifest:
        obj = Decoder(target, options).decode(body)
        self._named(obj, target)
        self._namespaced(obj, target)
        return self._create(target, obj, options, None)

    def replace(self, target: Target, body: Any, options: Options) -> tuple[Manifest, bool]:
        """The object, and whether it was created."""
        obj = Decoder(target, options).decode(body)
        name = obj["metadata"].setdefault("name", target.name)
        if name != target.name:
            raise _other_name(name, target)
        self._namespaced(obj, target)
        live = self._present(target)
        uid = obj["metadata"].get("uid")
        if uid and uid != live["metadata"]["uid"]:
            why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {live['metadata']['uid']}"
            raise conflict(target.kind.plural, target.kind.group, target.name, why)
        return self._update(target, obj, live, options), False

    def patch(self, target: Target, body: Any, content_type: str, options: Options) -> tuple[Manifest, bool]:
        if content_type == patches.APPLY:
            return self._apply(target, body, options)
        live = self._present(target)
        if content_type == patches.JSON:
            patched = patches.json_patch(live, body)
        elif content_type == patches.MERGE:
            patched = patches.merge_patch(live, body)
        elif content_type == patches.STRATEGIC and target.kind.definition is None:
            patched = patches.strategic_patch(live, body, target.kind.type(target.version))
        else:
            raise ApiError(
                415,
                "UnsupportedMediaType",
                "the body of the request was in an unknown format - accepted media types include: "
                "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
            )
        obj = Decoder(target, options).decode(patched)
        return self._update(target, obj, live, options), False

    def _apply(self, target: Target, body: Any, options: Options) -> tuple[Manifest, bool]:
        if not options.named:
            cause = required("fieldManager", "is required for apply patch")
            raise invalid("PatchOptions", "meta.k8s.io", "", [cause])
        config = Decoder(target, options).decode_configuration(body)
        kind, metadata = target.kind, config["metadata"]
        if metadata.setdefault("name", target.name) != target.name:
            raise _other_name(metadata["name"], target)
        if metadata.get("managedFields"):
            raise bad_request("metadata.managedFields must be nil")
        self._namespaced(config, target)
        live = self.live(target)
        if live is None:
            if target.subresource:
                raise not_found(kind.plural, kind.group, target.name)
            if uid := metadata.get("uid"):
                why = (
                    f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
                )
                raise conflict(kind.plural, kind.group, target.name, why)
        elif metadata.get("uid", live["metadata"]["uid"]) != live["metadata"]["uid"]:
            name = target.name
            raise invalid(kind.kind, kind.group, name, [immutable("metadata.uid", metadata["uid"])])
        elif (
            metadata.get("resourceVersion", live["metadata"]["resourceVersion"])
            != (live["metadata"]["resourceVersion"])
        ):
            raise modified(kind.plural, kind.group, target.name)
        manager = Manager(options.manager, "Apply", target.api_version, target.subresource)
        merged, owners = managed.apply(
            live,
            config,
            kind.type(target.version),
            manager=manager,
            force=options.force,
            ignored=_reset_by(target),
        )
        if live is None:
            return self._create(target, merged, options, owners), True
        return self._update(target, merged, live, options, owners), False

    def finalize(self, target: Target, body: Any) -> Manifest:
        """A Namespace's finalizers live in its spec and are taken off through an endpoint of their own."""
        live = self._present(target)
        finalizers = ((body or {}).get("spec") or {}).get("finalizers") or []
        return self._store.put({**live, "spec": {**(live.get("spec") or {}), "finalizers": finalizers}})

    def assign(self, target: Target, node: str) -> None:
        """Binding: what a scheduler does."""
        live = self._present(target)
        self._store.put({**live, "spec": {**(live.get("spec") or {}), "nodeName": node}})

    def _present(self, target: Target) -> Manifest:
        live = self.live(target)
        if live is None:
            raise not_found(target.kind.plural, target.kind.group, target.name)
        return live

    # -- the two ends of the flow

    def _create(
        self, target: Target, obj: Manifest, options: Options, owners: managed.Owners | None
    ) -> Manifest:
        kind, object_type = target.kind, target.kind.type(target.version)
        name = obj["metadata"]["name"]
        admission.check_namespace(self._store, kind, target.namespace, name)
        if kind.status:
            obj = {key: value for key, value in obj.items() if key != "status"}
        for field in (*_SYSTEM_METADATA, "resourceVersion"):
            obj["metadata"].pop(field, None)
        uid = str(uuid.uuid4())
        full = defaults.fill(obj, object_type)
        if owners is None:
            manager = Manager(options.manager, "Update", target.api_version)
            full["metadata"].pop("managedFields", None)
            owners = managed.update(None, full, object_type, manager=manager, ignored=_reset_by(target))
        full = admission.admit(full, kind, self._store, uid=uid, live=None)
        if causes := validation.check(full, kind, object_type):
            raise invalid(kind.kind, kind.group, name, causes)
        if self._store.get(kind.key, target.namespace, name) is not None:
            raise already_exists(kind.plural, kind.group, name)
        full = stored_as(managed.with_owners(full, owners), kind)
        if options.dry_run:
            metadata = {**full["metadata"], "uid": uid, "creationTimestamp": now()}
            if has_generation(kind.key):
                metadata["generation"] = 1
            return shown_as({**full, "metadata": metadata}, kind, target.version)
        try:
            return shown_as(self._store.create(full, uid=uid), kind, target.version)
        except Exists:
            raise already_exists(kind.plural, kind.group, name) from None

    def _update(
        self,
        target: Target,
        obj: Manifest,
        live: Manifest,
        options: Options,
        owners: managed.Owners | None = None,
    ) -> Manifest:
        kind, object_type = target.kind, target.kind.type(target.version)
        given, before = obj["metadata"], live["metadata"]
        version = given.get("resourceVersion")
        if version not in (None, "", before["resourceVersion"]):
            raise modified(kind.plural, kind.group, target.name)
        if given.get("uid", before["uid"]) != before["uid"]:
            raise invalid(kind.kind, kind.group, target.name, [immutable("metadata.uid", given["uid"])])
        metadata = {key: value for key, value in given.items() if key not in _SYSTEM_METADATA}
        metadata |= {key: before[key] for key in _SYSTEM_METADATA if key in before}
        metadata["name"] = before["name"]
        metadata["resourceVersion"] = before["resourceVersion"]
        obj = _only_what_may_change({**obj, "metadata": metadata}, live, target)
        full = defaults.fill(obj, object_type)
        full = admission.admit(full, kind, self._store, uid=before["uid"], live=live)
        if full != live:
            causes = [] if target.subresource == "status" else validation.check(full, kind, object_type)
            if not target.subresource:
                causes += immutability.check(full, live)
            if causes:
                raise invalid(kind.kind, kind.group, target.name, list(dict.fromkeys(causes)))
        if owners is None:
            manager = Manager(options.manager, "Update", target.api_version, target.subresource)
            owners = managed.update(live, full, object_type, manager=manager)
        full = managed.with_owners(full, owners)
        if full == live:
            return live
        stored = stored_as(full, kind)
        if options.dry_run:
            return self._as_if(stored, target)
        try:
            return shown_as(self._store.put(stored), kind, target.version)
        except StaleVersion:
            raise modified(kind.plural, kind.group, target.name) from None

    def _as_if(self, stored: Manifest, target: Target) -> Manifest:
        kept = self._store.get(target.kind.key, target.namespace, target.name)
        shown = copy.deepcopy(stored)
        if kept is not None and "generation" in shown["metadata"] and kept.get("spec") != shown.get("spec"):
            shown["metadata"]["generation"] += 1
        return shown_as(shown, target.kind, target.version)

    # -- what the body says about itself

    def _named(self, obj: Manifest, target: Target) -> None:
        metadata = obj["metadata"]
        if not metadata.get("name"):
            if not metadata.get("generateName"):
                cause = required("metadata.name", "name or generateName is required")
                raise invalid(target.kind.kind, target.kind.group, "", [cause])
            alphabet = "bcdfghjklmnpqrstvwxz2456789"
            suffix = "".join(secrets.choice(alphabet) for _ in range(5))
            metadata["name"] = f"{metadata['generateName'][:58]}{suffix}"

    def _namespaced(self, obj: Manifest, target: Target) -> None:
        metadata = obj["metadata"]
        if not target.kind.namespaced:
            metadata.pop("namespace", None)
        elif metadata.setdefault("namespace", target.namespace) != target.namespace:
            raise bad_request(
                "the namespace of the provided object does not match the namespace sent on the request"
            )


def _other_name(name: str, target: Target) -> ApiError:
    return bad_request(f"the name of the object ({name}) does not match the name on the URL ({target.name})")


def _reset_by(target: Target) -> frozenset[str]:
    if target.subresource == "status":
        return frozenset({"spec"})
    return frozenset({"status"}) if target.kind.status else frozenset()


def _only_what_may_change(obj: Manifest, live: Manifest, target: Target) -> Manifest:
    """A status endpoint changes status alone, the object's own endpoint everything else."""
    if target.subresource == "status":
        metadata = {**live["metadata"], "managedFields": obj["metadata"].get("managedFields")}
        if metadata["managedFields"] is None:
            del metadata["managedFields"]
        only = {**live, "metadata": metadata}
        only.pop("status", None)
        return {**only, "status": obj["status"]} if obj.get("status") else only
    if not target.kind.status:
        return obj
    rest = {key: value for key, value in obj.items() if key != "status"}
    return {**rest, "status": live["status"]} if "status" in live else rest
