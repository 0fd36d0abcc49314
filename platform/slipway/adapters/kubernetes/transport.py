"""HTTP to one API server through the official client's connection pool, pinned to judged addresses."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import tempfile
import time
import weakref
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, SSLError
from urllib3.util import Timeout
from urllib3.util.ssl_match_hostname import CertificateError

from slipway.ports.clusters import CALL_DEADLINE_SECONDS, Access, Unreachable

MOST_BYTES = 128 * 1024 * 1024  # of one answer; a page of a listing has at most some tens of megabytes
MOST_LINE_BYTES = 16 * 1024 * 1024  # of one watch event; an object has at most a few
_CONNECT_SECONDS = 2.0


class Transport:
    """Thread-safe. Answers (status, body); raises Unreachable when there is no answer.

    Of several addresses the one that answered last is asked first, the next where no connection comes about: a name
    may mean ::1 and 127.0.0.1, and a server listen on one of them.
    """

    def __init__(self, access: Access, addresses: tuple[str, ...]) -> None:
        from kubernetes import client

        parts = urlsplit(access.server)
        name = (parts.hostname or "").rstrip(".")
        pinned = [f"[{address}]" if ":" in address else address for address in addresses]
        self._bases = [f"https://{address}:{parts.port or 443}" for address in pinned]
        configuration = client.Configuration()
        configuration.host = self._bases[0]
        configuration.verify_ssl = True
        # Connected to the judged address; TLS still wants a certificate for the name.
        configuration.tls_server_name = name
        configuration.assert_hostname = name  # type: ignore[assignment]  # urllib3 takes a name; the client's annotation says bool
        configuration.ca_cert_data = access.ca_pem
        configuration.connection_pool_maxsize = 16
        configuration.retries = False
        configuration.proxy = None
        if access.client_certificate_pem and access.client_key_pem:
            folder = tempfile.mkdtemp(prefix="slipway-")  # 0700; TLS wants these two as files
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
            configuration.cert_file = _file(folder, "certificate", access.client_certificate_pem)
            configuration.key_file = _file(folder, "key", access.client_key_pem)
        self._api = client.ApiClient(configuration)
        self._pool = self._api.rest_client.pool_manager
        self._headers = {"Accept": "application/json", "Host": parts.netloc, "User-Agent": "slipway"}
        if access.token:
            self._headers["Authorization"] = f"Bearer {access.token}"
        self._prefix = parts.path.rstrip("/")

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        content_type: str = "application/json",
        accept: str = "application/json",
    ) -> tuple[int, bytes]:
        headers = {**self._headers, "Accept": accept}
        data = None
        if body is not None:
            headers["Content-Type"] = content_type
            data = json.dumps(body, separators=(",", ":")).encode()
        ends_at = time.monotonic() + CALL_DEADLINE_SECONDS
        try:
            response = self._request(method, self._path(path, query), ends_at, body=data, headers=headers)
            return response.status, _whole(response, ends_at)
        except HTTPError as error:
            raise Unreachable(_why(error)) from None

    def stream(
        self,
        path: str,
        *,
        query: Mapping[str, Any],
        idle_seconds: float,
        accept: str = "application/json",
    ) -> tuple[int, Iterator[bytes]]:
        """Lines as they come; ends when the server ends or nothing came for `idle_seconds`."""
        status, response = self.open(path, query=query, idle_seconds=idle_seconds, accept=accept)
        if status != 200:
            body = response.read(65536)
            response.close()
            return status, iter([body])
        return 200, _lines(response)

    def open(
        self, path: str, *, query: Mapping[str, Any], idle_seconds: float, accept: str = "*/*"
    ) -> tuple[int, urllib3.BaseHTTPResponse]:
        """An answer that the caller reads and closes."""
        try:
            response = self._request(
                "GET",
                self._path(path, query),
                time.monotonic() + CALL_DEADLINE_SECONDS,
                read_seconds=idle_seconds,
                headers={**self._headers, "Accept": accept},
            )
        except HTTPError as error:
            raise Unreachable(_why(error)) from None
        return response.status, response

    def close(self) -> None:
        self._api.close()  # type: ignore[no-untyped-call]  # the client is untyped

    def _request(
        self, method: str, path: str, ends_at: float, *, read_seconds: float | None = None, **how: Any
    ) -> urllib3.BaseHTTPResponse:
        """`read_seconds` None: the whole answer is there by `ends_at`."""
        bases = list(self._bases)
        stranger: HTTPError | None = None  # worth more to be told about than a door that is closed
        for others, base in zip(reversed(range(len(bases))), bases, strict=True):
            left = max(ends_at - time.monotonic(), 0.1)
            connect = min(_CONNECT_SECONDS, left / 2 if others else left)
            timeout = (
                Timeout(total=left, connect=connect)
                if read_seconds is None
                else Timeout(connect=connect, read=read_seconds)
            )
            try:
                response = self._pool.request(
                    method, f"{base}{path}", timeout=timeout, redirect=False, preload_content=False, **how
                )
            except HTTPError as error:
                if not _nothing_was_sent(error):
                    raise
                stranger = error if isinstance(error, SSLError) else stranger
                if not others:
                    raise stranger or error from None
                continue
            if base != self._bases[0]:
                self._bases = [base, *(other for other in bases if other != base)]
            return response
        raise AssertionError("a server has an address")

    def _path(self, path: str, query: Mapping[str, Any] | None) -> str:
        given = {name: value for name, value in (query or {}).items() if value not in (None, "")}
        return f"{self._prefix}{path}" + (f"?{urlencode(given)}" if given else "")


def _file(folder: str, name: str, pem: str) -> str:
    path = os.path.join(folder, name)
    with open(path, "w", encoding="ascii") as file:
        file.write(pem)
    return path


def _whole(response: urllib3.BaseHTTPResponse, ends_at: float) -> bytes:
    """The time-out of a socket starts again with every byte, so an answer that drips is ended by the clock."""
    parts: list[bytes] = []
    size = 0
    try:
        while chunk := response.read1(1 << 20):
            parts.append(chunk)
            size += len(chunk)
            if size > MOST_BYTES:
                raise Unreachable("its answer is longer than any that an API gives.")
            if time.monotonic() > ends_at:
                raise Unreachable("no answer in time.")
    except BaseException:
        response.close()  # not drained: the connection cannot be used again
        raise
    response.release_conn()
    return b"".join(parts)


def _lines(response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    rest = b""
    try:
        while chunk := response.read1(65536):
            *whole, rest = (rest + chunk).split(b"\n")
            if len(rest) > MOST_LINE_BYTES:
                return
            yield from (line for line in whole if line)
    except HTTPError:
        return
    finally:
        response.close()
        response.release_conn()


def _nothing_was_sent(error: HTTPError) -> bool:
    """No connection, or one to somebody who is not the server by its certificate: the request is still ours."""
    if isinstance(error, SSLError):
        return bool(error.args) and isinstance(error.args[0], ssl.SSLCertVerificationError | CertificateError)
    return isinstance(error, NewConnectionError | ConnectTimeoutError)


def _why(error: HTTPError) -> str:
    text = str(error).lower()
    for sign, words in (
        ("refused", "the connection is refused"),
        ("doesn't match", "its certificate is for another name"),
        ("certificate", "its certificate is not the one we know"),
        ("timed out", "no answer in time"),
        ("reset", "the connection was cut"),
        ("aborted", "the connection was cut"),
        ("unreachable", "there is no way to its address"),
    ):
        if sign in text:
            return f"{words}."
    return f"no connection ({type(error).__name__})."
