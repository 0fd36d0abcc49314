from __future__ import annotations

from slipway.engine.diff import owned_by, owners, strangers
from slipway.engine.diff.owners import CONTROLLERS
from tests.engine.plans.planning import managed

FIELDS = {
    "f:metadata": {"f:annotations": {".": {}, "f:slipway.dev/owner": {}}},
    "f:spec": {
        "f:replicas": {},
        "f:template": {
            "f:spec": {
                "f:containers": {
                    'k:{"name":"web"}': {
                        ".": {},
                        "f:image": {},
                        "f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {"f:protocol": {}}},
                    }
                }
            }
        },
        "f:finalizers": {'v:"a/b"': {}},
    },
}
LIVE = {
    "metadata": {
        "managedFields": [
            {"manager": "us", "operation": "Apply", "fieldsV1": FIELDS},
            managed("kubectl-edit", "spec.paused", "metadata.labels", operation="Update"),
            managed("kube-controller-manager", "spec.replicas", operation="Update"),
            managed("scaler", "spec.replicas", operation="Update", subresource="scale"),
            managed("us", "spec.minReadySeconds", operation="Update"),
        ]
    }
}


def test_leaves_are_named_as_differences_are():
    assert owners(LIVE)[0].paths == {
        'metadata.annotations."slipway.dev/owner"',
        "spec.replicas",
        "spec.template.spec.containers[name=web].image",
        "spec.template.spec.containers[name=web].ports[containerPort=80,protocol=TCP].protocol",
        "spec.finalizers[=a/b]",
    }


def test_ours_are_the_fields_that_we_applied():
    assert "spec.replicas" in owned_by(LIVE, "us")
    assert "spec.minReadySeconds" not in owned_by(LIVE, "us")
    assert owned_by(LIVE, "nobody") == frozenset()


def test_strangers_are_who_is_neither_us_nor_a_controller_and_only_in_what_a_release_says():
    assert strangers(LIVE, allowed=frozenset({"us"}), known_controllers=CONTROLLERS) == {
        "spec.paused": "kubectl-edit"
    }


def test_an_object_without_bookkeeping_has_no_owners():
    assert owners({"metadata": {}}) == ()
