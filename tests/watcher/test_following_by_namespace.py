from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clusters import Place, RealCluster, place_on
from tests.people import People
from tests.watcher.conftest import Wakes, WatcherProcess, deployment, make_rollout, until

pytestmark = pytest.mark.cluster  # the sandbox knows one user, who may do everything


def narrow_kubeconfig(place: Place, path: Path) -> Path:
    """A service account that may do everything in its namespace and nothing anywhere else."""
    rules = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
    rbac = {"apiVersion": "rbac.authorization.k8s.io/v1"}
    subject = {"kind": "ServiceAccount", "name": "narrow", "namespace": place.namespace}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "narrow"}
    token = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/service-account-token",
        "metadata": {"name": "narrow", "annotations": {"kubernetes.io/service-account.name": "narrow"}},
    }
    for manifest in (
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "narrow"}},
        {**rbac, "kind": "Role", "metadata": {"name": "narrow"}, "rules": rules},
        {
            **rbac,
            "kind": "RoleBinding",
            "metadata": {"name": "narrow"},
            "roleRef": reference,
            "subjects": [subject],
        },
        token,
    ):
        place.cluster.apply(place.placed(manifest), manager="tests")
    secret = place.until(
        lambda: json.loads(place.kubectl("get", "secret", "narrow", "-o", "json").stdout)["data"].get(
            "token"
        ),
        what="the service account's token",
    )
    config = json.loads(place.kubeconfig_path.read_text())
    config["users"] = [{"name": "narrow", "user": {"token": base64.b64decode(secret).decode()}}]
    config["contexts"][0]["context"]["user"] = "narrow"
    path.write_text(json.dumps(config))
    return path


def test_where_the_whole_cluster_may_not_be_watched_each_namespace_is(
    real_cluster: RealCluster,
    transactional_database: str,
    people: People,
    watchers: Callable[[], WatcherProcess],
    wakes: Wakes,
    tmp_path: Path,
) -> None:
    with place_on("real", real_cluster.kubeconfig_path) as place:
        path = narrow_kubeconfig(place, tmp_path / "kubeconfig")
        shop = make_rollout(people, Place("real", place.cluster, place.namespace, path))
        shop.set_rollout(phase="progressing")
        watcher = watchers()
        watcher.until("watching_by_namespace", times=7)
        until(lambda: shop.row().reachability == "reachable", seconds=10)
        wakes.clear(quiet_seconds=2)

        place.cluster.apply(shop.mark(deployment("web")), manager="tests")
        assert wakes.next(seconds=5) is not None
        assert watcher.count("stream_failed") == 0
        assert watcher.count("watch_forbidden") == 1  # Namespaces, which are in no namespace
