"""What this server says it serves: /version, group and resource lists, and the aggregated form of both."""

from __future__ import annotations

from typing import Any

from slipway.sandbox.kinds import VERBS, Kind, Kinds
from slipway.sandbox.schemas import VERSION

AGGREGATED = "APIGroupDiscoveryList"
_SUBRESOURCE_VERBS = ("get", "patch", "update")
_REVIEWS = "authorization.k8s.io"

# What a pod or namespace can be asked beside its own endpoints: name, verbs, and the kind that is sent.
_EXTRA: dict[tuple[str, str], tuple[tuple[str, tuple[str, ...], tuple[str, str, str]], ...]] = {
    ("", "Pod"): (
        ("log", ("get",), ("", "v1", "Pod")),
        ("eviction", ("create",), ("policy", "v1", "Eviction")),
        ("binding", ("create",), ("", "v1", "Binding")),
    ),
    ("", "Namespace"): (("finalize", ("update",), ("", "v1", "Namespace")),),
}


def version() -> dict[str, str]:
    major, minor, _ = VERSION.split(".")
    return {
        "major": major,
        "minor": minor,
        "emulationMajor": major,
        "emulationMinor": minor,
        "gitVersion": f"v{VERSION}+sandbox",
        "gitCommit": "0" * 40,
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "simulated",
        "compiler": "simulated",
        "platform": "slipway/sandbox",
    }


def core(address: str) -> dict[str, Any]:
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
    }


def groups(kinds: Kinds) -> dict[str, Any]:
    found = {name: versions for name, versions in kinds.groups().items() if name}
    found[_REVIEWS] = ("v1",)
    return {
        "kind": "APIGroupList",
        "apiVersion": "v1",
        "groups": [_group(name, versions) for name, versions in found.items()],
    }


def group(kinds: Kinds, name: str) -> dict[str, Any] | None:
    versions = ("v1",) if name == _REVIEWS else kinds.groups().get(name)
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, versions)} if name and versions else None


def _group(name: str, versions: tuple[str, ...]) -> dict[str, Any]:
    listed = [{"groupVersion": f"{name}/{one}", "version": one} for one in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def resources(kinds: Kinds, group_name: str, version_name: str) -> dict[str, Any] | None:
    api_version = f"{group_name}/{version_name}" if group_name else version_name
    listed: list[dict[str, Any]] = []
    for kind in kinds.all():
        if kind.group != group_name or version_name not in kind.versions:
            continue
        base = {"singularName": kind.kind.lower(), "namespaced": kind.namespaced, "kind": kind.kind}
        entry: dict[str, Any] = {"name": kind.plural, **base, "verbs": list(VERBS)}
        if kind.short:
            entry["shortNames"] = list(kind.short)
        if kind.categories:
            entry["categories"] = list(kind.categories)
        listed.append(entry)
        for name, verbs, (sub_group, sub_version, sub_kind) in _subresources(kind):
            inner: dict[str, Any] = {
                "name": f"{kind.plural}/{name}",
                "singularName": "",
                "namespaced": kind.namespaced,
                "kind": sub_kind or kind.kind,
                "verbs": list(verbs),
            }
            if sub_group and sub_group != kind.group:
                inner |= {"group": sub_group, "version": sub_version}
            listed.append(inner)
    if group_name == _REVIEWS:
        name = "selfsubjectaccessreviews"
        review = {"namespaced": False, "kind": "SelfSubjectAccessReview", "verbs": ["create"]}
        listed.append({"name": name, "singularName": "selfsubjectaccessreview", **review})
    if not listed:
        return None
    listed.sort(key=lambda one: str(one["name"]))
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api_version, "resources": listed}


def _subresources(kind: Kind) -> list[tuple[str, tuple[str, ...], tuple[str, str, str]]]:
    found = list(_EXTRA.get(kind.key, ()))
    if kind.status:
        found.append(("status", _SUBRESOURCE_VERBS, ("", "", "")))
    if kind.scale:
        found.append(("scale", _SUBRESOURCE_VERBS, ("autoscaling", "v1", "Scale")))
    return found


def aggregated(kinds: Kinds, *, core_group: bool) -> dict[str, Any]:
    """One document in place of one per group and version."""
    items = []
    for name, versions in kinds.groups().items():
        if (name == "") is not core_group:
            continue
        entries = [
            {
                "version": one,
                "freshness": "Current",
                "resources": [
                    _aggregated(kind, one)
                    for kind in sorted(kinds.all(), key=lambda kind: kind.plural)
                    if kind.group == name and one in kind.versions
                ],
            }
            for one in versions
        ]
        metadata: dict[str, Any] = {"creationTimestamp": None}
        if name:
            metadata["name"] = name
        items.append({"metadata": metadata, "versions": entries})
    return {
        "kind": AGGREGATED,
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": items,
    }


def _aggregated(kind: Kind, version_name: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "resource": kind.plural,
        "responseKind": {"group": kind.group, "version": version_name, "kind": kind.kind},
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.kind.lower(),
        "verbs": list(VERBS),
    }
    if kind.short:
        entry["shortNames"] = list(kind.short)
    if kind.categories:
        entry["categories"] = list(kind.categories)
    subresources = [
        {
            "subresource": name,
            "responseKind": {
                "group": sub_group if sub_kind else kind.group,
                "version": sub_version or version_name,
                "kind": sub_kind or kind.kind,
            },
            "verbs": list(verbs),
        }
        for name, verbs, (sub_group, sub_version, sub_kind) in _subresources(kind)
    ]
    if subresources:
        entry["subresources"] = subresources
    return entry
