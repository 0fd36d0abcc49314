from __future__ import annotations

import multiprocessing
import socket
import stat
from pathlib import Path

import pytest

from slipway.embedded import loopback
from slipway.embedded.data import DataFolder, default_folder
from slipway.embedded.errors import CannotStart


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    made = DataFolder(tmp_path / "data")
    made.create()
    return made


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_folder_is_closed_to_everybody_else(folder: DataFolder) -> None:
    assert [mode(path) for path in (folder.path, folder.path / "secrets", folder.logs)] == [0o700] * 3


def test_secrets_are_made_once_and_readable_by_their_owner_alone(folder: DataFolder) -> None:
    before = (folder.secrets(), folder.secret_key_file.read_text(), folder.installation_id)
    again = DataFolder(folder.path)
    assert (again.secrets(), again.secret_key_file.read_text(), again.installation_id) == before
    files = list((folder.path / "secrets").iterdir())
    assert len(files) == 6
    assert {mode(path) for path in files} == {0o600}
    values = [path.read_text() for path in files]
    assert len(set(values)) == len(values)


def test_the_ports_of_the_last_start_are_kept(folder: DataFolder) -> None:
    first = folder.ports()
    assert DataFolder(folder.path).ports() == first


def test_a_port_that_somebody_took_meanwhile_is_replaced(folder: DataFolder) -> None:
    first = folder.ports()
    with socket.socket() as taken:
        taken.bind((loopback.ADDRESS, first.valkey))
        taken.listen()
        second = folder.ports()
    assert second.valkey != first.valkey
    assert (second.postgres, second.sandbox) == (first.postgres, first.sandbox)


def test_a_web_port_that_was_asked_for_and_is_taken_is_refused_by_number(folder: DataFolder) -> None:
    with socket.socket() as taken:
        taken.bind((loopback.ADDRESS, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=f"Port {port} is taken by another program"):
            folder.ports(web=port)


def _hold(path: Path, held: object, let_go: object) -> None:
    with DataFolder(path).lock():
        held.set()  # type: ignore[attr-defined]  # multiprocessing's events have no public type
        let_go.wait(20)  # type: ignore[attr-defined]  # same


def test_a_second_start_on_the_same_folder_is_refused_with_the_address_of_the_first(
    folder: DataFolder,
) -> None:
    folder.run_file.write_text('{"url": "http://localhost:8123", "supervisor": {"pid": 4711}}')
    context = multiprocessing.get_context("spawn")
    held, let_go = context.Event(), context.Event()
    holder = context.Process(target=_hold, args=(folder.path, held, let_go))
    holder.start()
    try:
        assert held.wait(20)
        with pytest.raises(CannotStart) as refusal, folder.lock():
            pass
        assert str(refusal.value) == (
            f"Slipway already runs on {folder.path} at http://localhost:8123 (process 4711). Stop it with Ctrl-C "
            "where it runs, or name another folder with --data."
        )
    finally:
        let_go.set()
        holder.join()
    with folder.lock():
        pass


def test_the_default_folder_is_the_named_one_else_the_checkouts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPWAY_DATA_DIR", "/somewhere")
    assert default_folder() == Path("/somewhere")
    monkeypatch.delenv("SLIPWAY_DATA_DIR")
    assert default_folder() == Path(__file__).resolve().parents[2] / "var" / "slipway"


def test_only_a_folder_with_an_installation_in_it_is_ours(folder: DataFolder, tmp_path: Path) -> None:
    assert not folder.is_ours
    assert folder.installation_id
    folder.ports()
    assert folder.is_ours
    assert not DataFolder(tmp_path).is_ours


def test_a_folder_that_cannot_be_made_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotStart, match=r"The data folder .*/file/data cannot be used: Not a directory"):
        DataFolder(tmp_path / "file" / "data").create()
