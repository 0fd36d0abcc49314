from __future__ import annotations

import base64
import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from slipway.cli import bundles
from slipway.cli.bundles import read_bundle
from slipway.cli.commits import branch_now, read_commits
from slipway.cli.outcomes import CommandFailed


def unpacked(archive: str) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(archive)), mode="r:gz") as opened:
        return {entry.name: opened.extractfile(entry).read() for entry in opened}  # type: ignore[union-attr]  # files only


def test_one_file_is_its_text_and_several_are_an_archive(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: 1\n")
    (tmp_path / "b.yaml").write_text("b: ü\n")
    assert read_bundle([tmp_path / "a.yaml"]) == {
        "manifests": "a: 1\n",
        "manifests_name": str(tmp_path / "a.yaml"),
    }
    sent = read_bundle([tmp_path / "b.yaml", tmp_path / "a.yaml"])
    assert unpacked(sent["archive"]) == {"a.yaml": b"a: 1\n", "b.yaml": "b: ü\n".encode()}


def test_a_directory_is_sent_with_its_paths_without_what_git_keeps_and_the_same_twice_is_the_same(
    tmp_path: Path,
) -> None:
    overlay = tmp_path / "overlays" / "production"
    overlay.mkdir(parents=True)
    (overlay / "kustomization.yaml").write_text("resources: [../../base]\n")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: x")
    first = read_bundle([tmp_path])
    assert unpacked(first["archive"]) == {
        "overlays/production/kustomization.yaml": b"resources: [../../base]\n"
    }
    (overlay / "kustomization.yaml").touch()
    assert read_bundle([tmp_path]) == first


@pytest.mark.parametrize("trouble", ["link", "missing", "empty", "large", "many", "twice", "latin"])
def test_what_cannot_be_sent_is_said_before_anything_is_sent(
    tmp_path: Path, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundles, "MOST_FILES", 3)
    monkeypatch.setattr(bundles, "MOST_BYTES", 100)
    folder = tmp_path / "bundle"
    folder.mkdir()
    paths = [folder]
    if trouble == "link":
        (folder / "passwords").symlink_to("/etc/passwd")
        sentence = "is a link; links are not sent"
    elif trouble == "missing":
        paths, sentence = [folder / "nowhere.yaml"], "nowhere.yaml is not there"
    elif trouble == "empty":
        sentence = "holds no files"
    elif trouble == "large":
        (folder / "a.yaml").write_text("x" * 101)
        sentence = "The files are 101 bytes; 100 are taken"
    elif trouble == "many":
        for number in range(4):
            (folder / f"{number}.yaml").touch()
        sentence = "holds 4 files; 3 are taken"
    elif trouble == "twice":
        (tmp_path / "a.yaml").touch()
        (folder / "a.yaml").touch()
        paths, sentence = [tmp_path / "a.yaml", folder / "a.yaml"], "Two files are called a.yaml"
    else:
        (folder / "a.yaml").write_bytes(b"\xff")
        paths, sentence = [folder / "a.yaml"], "is no UTF-8 text"
    with pytest.raises(CommandFailed) as failure:
        read_bundle(paths)
    assert sentence in failure.value.sentence
    assert failure.value.outcome == 2


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, value in {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}.items():
        monkeypatch.setenv(name, value)
    identity = ["-c", "user.name=Dee Öz", "-c", "user.email=dee@acme.example"]
    commands = [["init", "-q", "-b", "main"]]
    commands += [
        [*identity, "commit", "-q", "--allow-empty", "-m", message]
        for message in ("First", "Second: SHOP-7\n\nWith a body.", "Third")
    ]
    for command in commands:
        subprocess.run(["git", *command], check=True)
    return tmp_path


def test_commits_of_a_range_come_newest_first_with_their_whole_message(repository: Path) -> None:
    found = read_commits("HEAD~2..HEAD")
    assert [commit["message"] for commit in found] == ["Third", "Second: SHOP-7\n\nWith a body."]
    assert found[0]["author"] == "Dee Öz <dee@acme.example>"
    assert len(found[0]["sha"]) == 40
    assert branch_now() == "main"
    assert read_commits("HEAD..HEAD") == []


def test_a_range_that_git_does_not_know_is_told_in_its_words(repository: Path) -> None:
    with pytest.raises(CommandFailed, match="git says: fatal: bad revision"):
        read_commits("v0..HEAD")
    with pytest.raises(CommandFailed, match="is no range of commits"):
        read_commits("--output=/tmp/x")
