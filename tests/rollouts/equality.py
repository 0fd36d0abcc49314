"""Does what is live equal the release? Asked of the server itself, as sentences about what differs; none: it does.

1. a dry run of what was sent changes nothing
2. our managedFields are exactly the leaves of what was sent. Which leaves these are is the server's to say: another
   manager's forced dry run of the same manifest owns exactly them
3. nothing else on the target carries our mark, but old versions of ConfigMaps and Secrets
"""

from __future__ import annotations

from uuid import UUID

from django.conf import settings

from apps.clusters.services import connect
from apps.core import scopes
from apps.environments.models import Target
from apps.rollouts.models import AppliedSet, InventoryItem
from apps.rollouts.services.sources import opened
from slipway.engine.diff import changes, owned_by
from slipway.engine.manifests import PreparedObject, field_manager, is_bare_namespace, with_attempt
from slipway.engine.manifests.prepare import ATTEMPT, OWNER
from slipway.engine.objects import ObjectKey, annotations_of
from slipway.ports.clusters import Cluster

_ASKER = "slipway-equality"


def differences(organization_id: UUID, target_id: UUID) -> list[str]:
    with scopes.organization(organization_id):
        target = Target.objects.select_related("cluster").get(id=target_id)
        stored = AppliedSet.objects.get(rollout_id=target.live_rollout_id)
        items = [item for item in opened(stored) if not is_bare_namespace(item)]
        inventory = {
            ObjectKey.parse(row.key): row.versioned
            for row in InventoryItem.objects.filter(target_id=target_id)
        }
        cluster = connect(target.cluster)
    manager = field_manager(settings.INSTALLATION_ID, str(target_id))
    found = [sentence for item in items for sentence in _of_object(cluster, item, manager)]
    wanted = {item.key for item in items}
    found += [f"{key.label} is missing in the inventory" for key in sorted(wanted - set(inventory))]
    mark = f"{settings.INSTALLATION_ID}/{target_id}/"
    for group, kind, namespace in sorted({(key.group, key.kind, key.namespace) for key in inventory}):
        if not cluster.facts().serves(group, kind):
            continue
        for live in cluster.list(group, kind, namespace=namespace).items:
            key = ObjectKey.of(live)
            if annotations_of(live).get(OWNER, "") != f"{mark}{key}":
                continue
            if key not in wanted and not inventory.get(key):
                found.append(f"{key.label} is there and not in the release")
    return found


def _of_object(cluster: Cluster, item: PreparedObject, manager: str) -> list[str]:
    live = cluster.read(item.key)
    if live is None:
        return [f"{item.key.label} is not there"]
    manifest = with_attempt(item.manifest, annotations_of(live).get(ATTEMPT))
    answer = cluster.apply(manifest, manager=manager, force=True, dry_run=True)
    found = [
        f"{item.key.label}: {change.path} is {change.before!r}, wanted {change.after!r}"
        for change in changes(live, answer)
    ]
    leaves = owned_by(cluster.apply(manifest, manager=_ASKER, force=True, dry_run=True), _ASKER)
    ours = owned_by(live, manager)
    found += [f"{item.key.label}: {path} is not ours" for path in sorted(leaves - ours)]
    found += [f"{item.key.label}: {path} is ours and was not sent" for path in sorted(ours - leaves)]
    return found
