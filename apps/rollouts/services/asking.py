"""What the server says to one object of a plan, asked by a dry run; its answers in the plan's words."""

from __future__ import annotations

from dataclasses import replace

from slipway.engine.manifests import PreparedObject
from slipway.engine.manifests.unrolling import kept_by, still_rolling, stopped, stops_rolling
from slipway.engine.objects import Manifest, is_terminating
from slipway.engine.plans import DryRun, DryRunKind
from slipway.ports.clusters import Cluster, NamespaceMissing, NotServed, OwnedByOthers, Refused, Stale


def ask_ahead(cluster: Cluster, item: PreparedObject, manager: str) -> DryRun:
    """Of an object whose namespace is not there yet. The server reads an object before it looks for the namespace, so
    a field that it does not know is refused now and not after the namespace was made; whatever else it says is
    asked again then."""
    try:
        cluster.apply(item.manifest, manager=manager, dry_run=True)
    except NotServed as error:
        return DryRun(DryRunKind.REFUSED, sentence=error.sentence)
    except Refused as error:
        if error.reason != "NamespaceTerminating":
            return DryRun(DryRunKind.REFUSED, sentence=error.sentence)
    except (NamespaceMissing, OwnedByOthers, Stale):
        pass
    return DryRun(DryRunKind.UNCHECKED)


def dry_run(cluster: Cluster, item: PreparedObject, live: Manifest | None, manager: str) -> DryRun:
    if live is not None and is_terminating(live):
        return DryRun(DryRunKind.UNCHECKED)
    if live is not None and stops_rolling(item.manifest, live):
        return _dry_run_of_two(cluster, item, live, manager)
    return _asked(cluster, item, manager)


def _dry_run_of_two(cluster: Cluster, item: PreparedObject, live: Manifest, manager: str) -> DryRun:
    """Of what takes two applies the server is asked about the first's way with the second's content."""
    if others := kept_by(live, manager):
        sentence = f"{others} owns values of its rolling update too; they have to be given up first"
        return DryRun(DryRunKind.REFUSED, sentence=sentence)
    run = _asked(cluster, replace(item, manifest=still_rolling(item.manifest, live)), manager)
    return replace(run, answer=stopped(run.answer, item.manifest)) if run.answer is not None else run


def _asked(cluster: Cluster, item: PreparedObject, manager: str) -> DryRun:
    try:
        return DryRun(DryRunKind.ANSWERED, cluster.apply(item.manifest, manager=manager, dry_run=True))
    except OwnedByOthers as conflict:
        return _forced(cluster, item, manager, conflict)
    except NamespaceMissing as error:
        return DryRun(DryRunKind.REFUSED, sentence=error.sentence)
    except NotServed as error:
        return DryRun(DryRunKind.REFUSED, sentence=error.sentence)
    except Refused as error:
        if error.immutable:
            return DryRun(DryRunKind.IMMUTABLE, sentence=error.sentence)
        return DryRun(DryRunKind.REFUSED, sentence=error.sentence)


def _forced(cluster: Cluster, item: PreparedObject, manager: str, conflict: OwnedByOthers) -> DryRun:
    try:
        answer = cluster.apply(item.manifest, manager=manager, dry_run=True, force=True)
    except Refused as error:
        kind = DryRunKind.IMMUTABLE if error.immutable else DryRunKind.REFUSED
        return DryRun(kind, sentence=error.sentence)
    return DryRun(DryRunKind.CONFLICT, answer, conflict.owners)
