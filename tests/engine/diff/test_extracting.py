"""What a manager applied, read back from the live object."""

from __future__ import annotations

import json
from typing import Any

from slipway.engine.diff import applied_by
from slipway.engine.objects import Manifest

US = "slipway-inst-t1"
NAMED_WEB = "k:" + json.dumps({"name": "web"})
PORT_80 = "k:" + json.dumps({"port": 80, "protocol": "TCP"})


def live(fields: dict[str, Any], **parts: Any) -> Manifest:
    entries = [
        {"manager": US, "operation": "Apply", "fieldsV1": fields},
        {"manager": US, "operation": "Update", "fieldsV1": {"f:spec": {"f:ours": {}}}},
        {"manager": "other", "operation": "Apply", "fieldsV1": {"f:spec": {"f:theirs": {}}}},
    ]
    metadata = {"name": "web", "namespace": "shop", "uid": "u1", "managedFields": entries}
    return {"apiVersion": "v1", "kind": "Thing", "metadata": metadata | parts.pop("metadata", {})} | parts


def test_fields_of_others_and_those_that_were_not_applied_stay_out():
    standing = live({"f:spec": {"f:said": {}}}, spec={"said": 1, "ours": 2, "theirs": 3, "defaulted": 4})
    assert applied_by(standing, US) == {
        "apiVersion": "v1",
        "kind": "Thing",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"said": 1},
    }
    assert applied_by(standing, "nobody").keys() == {"apiVersion", "kind", "metadata"}


def test_entries_of_keyed_lists_carry_their_keys():
    fields = {
        "f:containers": {NAMED_WEB: {".": {}, "f:image": {}}},
        "f:ports": {PORT_80: {".": {}}},
        "f:finalizers": {'v:"one"': {}},
    }
    standing = live(
        {"f:spec": fields},
        spec={
            "containers": [{"name": "side", "image": "s:1"}, {"name": "web", "image": "w:1", "tty": True}],
            "ports": [{"port": 80, "protocol": "TCP", "nodePort": 30000}],
            "finalizers": ["one", "two"],
        },
    )
    assert applied_by(standing, US)["spec"] == {
        "containers": [{"image": "w:1", "name": "web"}],
        "ports": [{"port": 80, "protocol": "TCP"}],
        "finalizers": ["one"],
    }


def test_a_leaf_is_taken_whole_and_an_owned_shell_empty():
    fields = {"f:args": {}, "f:resources": {".": {}}, "f:gone": {}, "f:volume": {}}
    standing = live({"f:spec": fields}, spec={"args": ["a", "b"], "resources": {"cpu": 1}, "volume": {}})
    assert applied_by(standing, US)["spec"] == {"args": ["a", "b"], "resources": {}, "volume": {}}


def test_labels_and_annotations_are_metadata_that_is_applied():
    fields = {"f:metadata": {"f:labels": {"f:app": {}}}}
    standing = live(fields, metadata={"labels": {"app": "web", "other": "x"}})
    assert applied_by(standing, US)["metadata"] == {
        "labels": {"app": "web"},
        "name": "web",
        "namespace": "shop",
    }
