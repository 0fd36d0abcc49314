"""`python -m slipway.sandbox --data DIR --port N [--speed S] [--kubeconfig FILE]`"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from slipway.sandbox import controllers
from slipway.sandbox.api import Api
from slipway.sandbox.certificates import Identity, write_private
from slipway.sandbox.errors import bad_request
from slipway.sandbox.journal import AlreadyOpen
from slipway.sandbox.requests import Target
from slipway.sandbox.server import Server
from slipway.sandbox.store import Store

log = logging.getLogger("slipway.sandbox")


class _Uvicorn(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Cuts what is still open: a client's idle pool never answers a TLS good-bye, and would be waited for."""
        await asyncio.sleep(0.05)  # the last lines of watches
        for connection in tuple(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are this module's: uvicorn would raise them again at the end and spoil the exit code."""
        yield


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m slipway.sandbox", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--speed", type=float, default=1.0, help="divides every simulated delay")
    parser.add_argument("--kubeconfig", type=Path)
    given = parser.parse_args()
    gc.set_threshold(
        50_000, 20, 50
    )  # the objects held are JSON, without cycles: looking through them costs only
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    folder: Path = given.data
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        store = Store(folder / "store.jsonl")
    except AlreadyOpen as error:
        print(error, file=sys.stderr)  # noqa: T201  # a command's own words
        return 1
    identity = Identity(folder / "pki")
    try:
        return asyncio.run(
            serve(
                store,
                identity,
                port=given.port,
                speed=given.speed,
                kubeconfig=given.kubeconfig or folder / "kubeconfig",
            )
        )
    finally:
        store.close()


async def serve(store: Store, identity: Identity, *, port: int, speed: float, kubeconfig: Path) -> int:
    api = Api(store, address=f"127.0.0.1:{port}", logs=lambda target, query: _logs(store, target, query))
    config = uvicorn.Config(
        Server(api, identity.token),
        host="127.0.0.1",
        port=port,
        lifespan="off",
        log_config=None,
        access_log=False,
        ssl_certfile=str(identity.certificate),
        ssl_keyfile=str(identity.key),
        timeout_graceful_shutdown=2,
        timeout_keep_alive=300,  # as long as real servers keep an idle client's connection, not uvicorn's 5 s
        backlog=512,
        server_header=False,
        ws="none",
    )
    server = _Uvicorn(config)

    def stop() -> None:
        server.should_exit = True
        api.watches.end()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    simulating = asyncio.create_task(controllers.run(store, speed=speed))
    serving = asyncio.create_task(server.serve())
    announcing = asyncio.create_task(_announce(server, identity, port, kubeconfig))
    await asyncio.wait({serving, simulating}, return_when=asyncio.FIRST_COMPLETED)
    failed = simulating.done() and not server.should_exit
    if failed:
        log.error("the controllers ended", exc_info=simulating.exception())
    stop()
    await serving
    for task in (simulating, announcing):
        task.cancel()
    await asyncio.gather(simulating, announcing, return_exceptions=True)
    return int(failed)


async def _announce(server: _Uvicorn, identity: Identity, port: int, kubeconfig: Path) -> None:
    await server.ready.wait()
    write_private(kubeconfig, identity.kubeconfig(port))
    print(f"sandbox ready https://127.0.0.1:{port} kubeconfig {kubeconfig}", flush=True)  # noqa: T201  # waited for


def _logs(store: Store, target: Target, query: dict[str, str]) -> str:
    try:
        text: str = controllers.pod_logs(
            store,
            target.namespace,
            target.name,
            container=query.get("container", ""),
            tail_lines=int(query["tailLines"]) if query.get("tailLines") else None,
            previous=query.get("previous") in ("true", "1"),
        )
    except controllers.LogsUnavailable as error:
        raise bad_request(str(error)) from error
    limit = int(query.get("limitBytes") or 0)
    return text[:limit] if limit else text


if __name__ == "__main__":
    sys.exit(main())
