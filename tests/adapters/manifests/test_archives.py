"""Bundles that arrive as one file: what is unpacked, what is refused, how much."""

from __future__ import annotations

import contextlib
import gzip
import io
import tarfile
import time
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipway.adapters.manifests import read_archive
from slipway.ports.sources import MOST_BYTES, MOST_FILES, BundleProblem

CONFIG = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\n"


def tarred(*members: tuple[str, bytes | tarfile.TarInfo]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in members:
            if isinstance(content, tarfile.TarInfo):
                archive.addfile(content)
                continue
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def zipped(*members: tuple[str, bytes], link: bool = False) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            if link:
                entry.external_attr = 0o120777 << 16
            archive.writestr(entry, content)
    return packed.getvalue()


def special(name: str, kind: bytes, target: str = "") -> tuple[str, tarfile.TarInfo]:
    member = tarfile.TarInfo(name)
    member.type = kind
    member.linkname = target
    return name, member


def refused(data: bytes) -> str:
    with pytest.raises(BundleProblem) as problem:
        read_archive(data)
    return str(problem.value)


@pytest.mark.parametrize("pack", [tarred, zipped])
def test_files_are_unpacked_with_their_paths(pack):
    assert read_archive(pack(("./base/a.yaml", CONFIG), ("b.yaml", b"x"))) == {
        "base/a.yaml": CONFIG,
        "b.yaml": b"x",
    }


def test_what_is_no_archive_is_one_file():
    assert read_archive(CONFIG, filename="shop.yaml") == {"shop.yaml": CONFIG}


def test_folders_are_passed_over():
    assert set(read_archive(tarred(special("base", tarfile.DIRTYPE), ("base/a.yaml", CONFIG)))) == {
        "base/a.yaml"
    }


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_refused(kind: bytes):
    archive = tarred(special("passwd", kind, "/etc/passwd"))
    assert refused(archive) == "“passwd” is a link or a device; a bundle holds plain files."


def test_a_link_in_a_zip_is_refused():
    assert refused(zipped(("passwd", b"/etc/passwd"), link=True)) == (
        "“passwd” is a link; a bundle holds plain files."
    )


@pytest.mark.parametrize("pack", [tarred, zipped])
@pytest.mark.parametrize("name", ["../a.yaml", "/etc/a.yaml", "a/../../b.yaml", "a\\b.yaml"])
def test_a_path_that_leaves_the_bundle_is_refused(pack, name: str):
    assert refused(pack((name, CONFIG))) == f"“{name}” is no path inside a bundle."


@pytest.mark.parametrize("pack", [tarred, zipped])
@pytest.mark.filterwarnings("ignore:Duplicate name")  # zipfile says so while it packs the test's archive
def test_a_name_that_stands_twice_is_refused(pack):
    assert refused(pack(("a.yaml", CONFIG), ("./a.yaml", b"x"))) == "“a.yaml” stands in the archive twice."


@pytest.mark.parametrize("pack", [tarred, zipped])
def test_a_bomb_ends_early(pack):
    archive = pack(("a.yaml", b"\0" * 200_000_000))
    assert len(archive) < 300_000
    began = time.monotonic()
    assert refused(archive) == f"The archive unpacks to more than {MOST_BYTES:,} bytes."
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("pack", [tarred, zipped])
def test_many_small_files_are_counted(pack):
    archive = pack(*((f"{number}.yaml", b"") for number in range(MOST_FILES + 1)))
    assert refused(archive) == f"The archive holds more than {MOST_FILES} files."


def test_what_hides_between_files_is_counted_too():
    """A folder that claims to hold a gigabyte would be unpacked only to be passed over."""
    folder = tarfile.TarInfo("base")
    folder.type = tarfile.DIRTYPE
    folder.size = 1_000_000_000
    header = folder.tobuf(tarfile.GNU_FORMAT)
    archive = gzip.compress(header + b"\0" * 100_000_000, 1)
    began = time.monotonic()
    with pytest.raises(BundleProblem):
        read_archive(archive)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("pack", [tarred, zipped])
def test_a_broken_archive_is_said_to_be(pack):
    whole = pack(("a.yaml", CONFIG * 50))
    for cut in (12, len(whole) // 2, len(whole) - 9):
        assert refused(whole[:cut]).startswith("The archive cannot be read")


@given(st.binary(max_size=200), st.integers(0, 10_000), st.sampled_from([tarred, zipped]))
@settings(max_examples=150, deadline=None, database=None, derandomize=True)
def test_no_bytes_do_more_than_be_refused(noise: bytes, at: int, pack):
    whole = bytearray(pack(("a.yaml", CONFIG), ("b/c.yaml", CONFIG * 20)))
    place = 4 + at % (len(whole) - 4)
    whole[place : place + len(noise)] = noise
    with contextlib.suppress(BundleProblem):
        read_archive(bytes(whole))


def test_an_empty_archive_is_an_empty_bundle():
    assert refused(tarred()) == "The bundle is empty."
