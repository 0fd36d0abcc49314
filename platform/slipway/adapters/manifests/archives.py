"""Bundles that arrive as one file: .tar.gz, .zip, or a single YAML text. Unpacked in memory, counted as they grow."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
import zlib

from slipway.ports.sources import MOST_BYTES, MOST_FILES, Bundle, BundleProblem, check_bundle


def read_archive(data: bytes, *, filename: str = "manifest.yaml") -> Bundle:
    """Raises BundleProblem: too large unpacked, paths that leave the bundle, links and devices, names twice."""
    if data[:2] == b"\x1f\x8b":
        bundle = _tar(data)
    elif data[:4] == b"PK\x03\x04":
        bundle = _zip(data)
    else:
        bundle = {filename: data}
    check_bundle(bundle)
    return bundle


# What a reader of archives raises for bytes that are none.
_BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    OSError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
# Headers, padding and long names come on top of the content; all of it is unpacked to be walked over.
_MOST_UNPACKED = 2 * MOST_BYTES + MOST_FILES * 2048


class _Bounded(io.RawIOBase):
    """Unpacks so many bytes and no more: directories and headers can hide gigabytes between the files."""

    def __init__(self, data: bytes) -> None:
        self._inner = gzip.GzipFile(fileobj=io.BytesIO(data))
        self._left = _MOST_UNPACKED

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        content = self._inner.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(content)
        if self._left < 0:
            raise BundleProblem(f"The archive unpacks to more than {MOST_BYTES:,} bytes.")
        return content


class _Collector:
    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self._left = MOST_BYTES

    def take(self, name: str, content: bytes) -> None:
        name = name.removeprefix("./")
        if name in self.files:
            raise BundleProblem(f"“{name}” stands in the archive twice.")
        self._left -= len(content)
        if self._left < 0:
            raise BundleProblem(f"The archive unpacks to more than {MOST_BYTES:,} bytes.")
        if len(self.files) >= MOST_FILES:
            raise BundleProblem(f"The archive holds more than {MOST_FILES} files.")
        self.files[name] = content

    @property
    def room(self) -> int:
        return self._left + 1


def _tar(data: bytes) -> Bundle:
    collector = _Collector()
    try:
        unpacked = _Bounded(data)
        with tarfile.open(fileobj=unpacked, mode="r|") as archive:
            for member in archive:
                if member.isdir():
                    continue
                if not member.isreg():
                    raise BundleProblem(f"“{member.name}” is a link or a device; a bundle holds plain files.")
                content = archive.extractfile(member)
                collector.take(member.name, content.read(collector.room) if content else b"")
        while unpacked.read(65536):
            pass  # to the end, where the checksum is: an upload that was cut off must not pass for a whole one
    except BundleProblem:
        raise
    except _BROKEN as error:
        raise BundleProblem(f"The archive cannot be read: {error}") from None
    return collector.files


def _zip(data: bytes) -> Bundle:
    collector = _Collector()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for entry in archive.infolist():
                if entry.is_dir():
                    continue
                if (entry.external_attr >> 16) & 0o170000 == 0o120000:
                    raise BundleProblem(f"“{entry.filename}” is a link; a bundle holds plain files.")
                with archive.open(entry) as content:
                    collector.take(entry.filename, content.read(collector.room))
    except BundleProblem:
        raise
    except _BROKEN as error:
        raise BundleProblem(f"The archive cannot be read: {error}") from None
    return collector.files
