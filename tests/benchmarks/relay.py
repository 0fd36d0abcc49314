"""The bare relay that live views are measured against: watch → Valkey PUBLISH → websocket, no database.

`python -m tests.benchmarks.relay watch KUBECONFIG NAMESPACE REDIS` and `… serve PORT REDIS`, two processes as the
product has two.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from pathlib import Path

import redis
import redis.asyncio
from websockets.asyncio.server import ServerConnection, broadcast, serve

from slipway.adapters.kubernetes import KubernetesClusters
from slipway.ports.clusters import WatchExpired, WatchKind

CHANNEL = "bench.relay"


def watch(kubeconfig: str, namespace: str, address: str) -> None:
    clusters = KubernetesClusters(networks=("127.0.0.0/8",), redaction_key=b"bench")
    cluster = clusters.connect("relay", clusters.parse_kubeconfig(Path(kubeconfig).read_text()))
    valkey = redis.Redis.from_url(address)
    print("ready", flush=True)  # noqa: T201  read by whoever started it
    while True:
        version = cluster.list("", "Pod", namespace=namespace).resource_version
        with contextlib.suppress(WatchExpired):
            for event in cluster.watch("", "Pod", namespace=namespace, resource_version=version):
                if event.kind is WatchKind.BOOKMARK:
                    continue
                statuses = event.object.get("status", {}).get("containerStatuses") or [{}]
                restarts = statuses[0].get("restartCount", 0)
                pod = {"name": event.object["metadata"]["name"], "restarts": restarts}
                valkey.publish(CHANNEL, json.dumps(pod))


async def relay(port: int, address: str) -> None:
    viewers: set[ServerConnection] = set()

    async def one(viewer: ServerConnection) -> None:
        viewers.add(viewer)
        try:
            await viewer.wait_closed()
        finally:
            viewers.discard(viewer)

    valkey = redis.asyncio.Redis.from_url(address)
    async with serve(one, "127.0.0.1", port, compression=None), valkey.pubsub() as heard:
        await heard.subscribe(CHANNEL)
        print("ready", flush=True)  # noqa: T201  same
        async for message in heard.listen():
            if message["type"] == "message":
                broadcast(viewers, message["data"].decode())


if __name__ == "__main__":
    if sys.argv[1] == "watch":
        watch(*sys.argv[2:5])
    else:
        asyncio.run(relay(int(sys.argv[2]), sys.argv[3]))
