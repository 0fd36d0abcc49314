"""`--reset`: the demo from the beginning. Asks nothing, and touches only what is ours."""

from __future__ import annotations

import shutil
from pathlib import Path

from slipway.embedded import clusters, left_over
from slipway.embedded.data import DataFolder
from slipway.embedded.demo.namespaces import NamespaceNote
from slipway.embedded.errors import CannotStart


def reset(folder: DataFolder, kubeconfig: Path | None) -> list[str]:
    """Answers the namespaces that were removed from a real cluster.

    CannotStart when the folder is not one of Slipway's, or a Slipway runs on it.
    """
    if not folder.path.exists() or not any(folder.path.iterdir()):
        return []
    if not folder.is_ours:
        raise CannotStart(f"{folder.path} is no data folder of Slipway; nothing was removed.")
    with folder.lock():
        left_over.end(folder.run_file)
        note = NamespaceNote(folder.path / "namespaces.json")
        named = kubeconfig or note.kubeconfig
        removed = note.remove(clusters.named(named)) if note.names and named else []
        _end_postgres(folder)
        shutil.rmtree(folder.path)
    return removed


def _end_postgres(folder: DataFolder) -> None:
    """One that outlived a killed supervisor would keep writing where nothing is any more."""
    from slipway.embedded.postgres import EmbeddedPostgres

    server = EmbeddedPostgres(folder.postgres, port=0, password="")
    server.end_left_over()
    # Where PostgreSQL runs as another account its folder stands elsewhere.
    shutil.rmtree(server.folder, ignore_errors=True)
