from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from slipway.embedded.command import main
from slipway.embedded.data import DataFolder
from slipway.embedded.demo.people import PeopleFile
from slipway.embedded.demo.reset import reset
from slipway.embedded.errors import CannotStart


def test_reset_touches_no_folder_that_is_not_a_slipways(tmp_path: Path) -> None:
    (tmp_path / "thesis").write_text("years of work")
    with pytest.raises(CannotStart, match="is no data folder of Slipway; nothing was removed"):
        reset(DataFolder(tmp_path), None)
    assert (tmp_path / "thesis").read_text() == "years of work"


def test_reset_of_an_empty_or_absent_folder_has_nothing_to_do(tmp_path: Path) -> None:
    assert reset(DataFolder(tmp_path), None) == []
    assert reset(DataFolder(tmp_path / "absent"), None) == []


def test_reset_removes_the_whole_of_a_folder_that_is_ours(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    folder.create()
    assert folder.installation_id
    folder.ports()
    (folder.sandbox / "deep").mkdir(parents=True)
    assert reset(folder, None) == []
    assert not folder.path.exists()


def test_a_refusal_is_one_line_on_stderr_and_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis").write_text("years of work")
    assert main(["demo", "--reset", "--data", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert said.err == f"slipway: {tmp_path} is no data folder of Slipway; nothing was removed.\n"
    assert said.out == ""


@pytest.mark.parametrize(
    "arguments", [["--port", "0"], ["--port", "http"], ["--speed", "0"], ["--speed", "x"]]
)
def test_nonsense_is_refused_before_anything_starts(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refusal:
        main(["up", "--data", str(tmp_path), *arguments])
    assert refusal.value.code == 2
    assert "is no " in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_four_people_with_random_passwords_in_a_private_file(tmp_path: Path) -> None:
    file = PeopleFile(tmp_path / "demo.json")
    file.write_fresh()
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    content = json.loads(file.path.read_text())
    people = content["people"]
    assert [person["role"] for person in people] == ["owner", "developer", "releaser", "viewer"]
    assert len({person["password"] for person in people}) == 4
    assert min(len(person["password"]) for person in people) >= 16
    assert file.read() is None  # nobody has a token yet
    for person in people:
        person["token"] = "slp_x"
    file.path.write_text(json.dumps(content))
    read = file.read()
    assert read is not None
    assert read.releaser.name == "Rita Releaser"
    before = file.path.read_text()
    file.write_fresh()
    assert file.path.read_text() == before
