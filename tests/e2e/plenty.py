"""A plan with a bit of everything, and what stood before it: what a review is looked at with."""

from __future__ import annotations

from typing import Any

from slipway.engine.diff import FieldChange, changes
from slipway.engine.objects import ObjectKey
from slipway.engine.plans import PlannedObject, Verb
from tests.e2e.story import SERVICES, Story, Teller, apart

CONF_OLD = "\n".join(
    [
        "[cart]",
        "currency = EUR",
        "limit = 20",
        *[f"option_{i} = {i}" for i in range(14)],
        "[payment]",
        "retries = 0",
        "timeout = 5s",
        "",
    ]
)
CONF_NEW = CONF_OLD.replace("retries = 0", "retries = 1").replace("limit = 20", "limit = 50")


def settings(space: str, suffix: str, conf: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": f"settings-{suffix}", "namespace": space},
        "data": {"shop.conf": conf, "LOG_LEVEL": "info"},
    }


def also(space: str) -> list[PlannedObject]:
    server = "spec.template.spec.containers[name=server]"
    new = settings(space, "a81c0de77f", CONF_NEW)
    return [
        PlannedObject(ObjectKey.of(new), Verb.CREATE, changes(None, new)),
        PlannedObject(
            ObjectKey("apps", "Deployment", space, "paymentservice"),
            Verb.CHANGE,
            (
                FieldChange(
                    f"{server}.image",
                    "registry.example/boutique/paymentservice:v0.10.5",
                    "registry.example/boutique/paymentservice:v0.10.6",
                ),
                FieldChange(f"{server}.resources.limits.memory", "300Mi", "180Mi"),
                FieldChange(f"{server}.env[name=ENABLE_ASSISTANT].value", "false", "true"),
                FieldChange(
                    f"{server}.envFrom",
                    [{"configMapRef": {"name": "settings-0f3b9c2d1e"}}],
                    [{"configMapRef": {"name": "settings-a81c0de77f"}}],
                ),
                FieldChange("spec.template.spec.serviceAccount", "default", "payments"),
                FieldChange("spec.template.spec.serviceAccountName", "default", "payments"),
                FieldChange(
                    f"{server}.readinessProbe",
                    None,
                    {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 5},
                ),
            ),
        ),
        PlannedObject(
            ObjectKey("apps", "Deployment", space, "recommendation"),
            Verb.CHANGE,
            (FieldChange("spec.replicas", 9, 3),),
            taken_over=(("spec.replicas", "kubectl"),),
        ),
        PlannedObject(
            ObjectKey("", "Secret", space, "payment-gateway"),
            Verb.CHANGE,
            (
                FieldChange(
                    "data.token",
                    "hmac-sha256:1f0b2c3d4e5f60718293a4b5c6d7e8f9",
                    "hmac-sha256:99aa2c3d4e5f60718293a4b5c6d7e8f9",
                ),
            ),
        ),
        PlannedObject(
            ObjectKey("batch", "Job", space, "migrate-v0-10-6"),
            Verb.CREATE,
            (
                FieldChange(
                    "",
                    None,
                    {
                        "apiVersion": "batch/v1",
                        "kind": "Job",
                        "metadata": {"name": "migrate-v0-10-6", "namespace": space},
                        "spec": {
                            "template": {
                                "spec": {
                                    "containers": [
                                        {
                                            "name": "migrate",
                                            "image": "registry.example/boutique/migrate:v0.10.6",
                                        }
                                    ]
                                }
                            }
                        },
                    },
                ),
            ),
        ),
        PlannedObject(ObjectKey("", "Service", space, "frontend-external"), Verb.UNCHANGED),
    ]


def keep(story: Story, teller: Teller) -> None:
    """The set that this rollout was applied with, as a worker would have kept it."""
    apart(lambda: _keep(story, teller))


def _keep(story: Story, teller: Teller) -> None:
    from apps.core import scopes
    from apps.core.encryption import seal_json
    from apps.rollouts.models import AppliedSet, Rollout
    from apps.rollouts.services.sources import APPLIED
    from slipway.engine.manifests import Layer, PreparedObject

    with scopes.organization(story.people.acme.id):
        row = Rollout.objects.select_related("target").get(id=teller.rollout_id)
        space = row.target.namespace
        items = [
            PreparedObject(
                ObjectKey("apps", "Deployment", space, name),
                {
                    "apiVersion": "apps/v1",
                    "kind": "Deployment",
                    "metadata": {"name": name, "namespace": space},
                    "spec": {
                        "replicas": n,
                        "template": {
                            "spec": {
                                "containers": [
                                    {"name": "server", "image": f"registry.example/boutique/{name}:v0.10.5"}
                                ]
                            }
                        },
                    },
                },
                Layer.WORKLOADS,
            )
            for name, n in {**SERVICES, "paymentservice": 6, "recommendation": 9}.items()
        ]
        old = settings(space, "0f3b9c2d1e", CONF_OLD)
        items.append(PreparedObject(ObjectKey.of(old), old, Layer.CONFIGURATION, versioned=True))
        flags = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "flags-5d1e", "namespace": space},
            "data": {"NEW_CART": "off", "ASSISTANT": "off"},
        }
        items.append(PreparedObject(ObjectKey.of(flags), flags, Layer.CONFIGURATION))
        AppliedSet.objects.create(
            organization_id=row.organization_id,
            rollout=row,
            release_id=row.release_id,
            target_id=row.target_id,
            digest="x",
            sealed_objects=seal_json([item.to_json() for item in items], context=APPLIED),
        )
