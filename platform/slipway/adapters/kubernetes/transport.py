"""HTTP to one API server through the official client's connection pool, pinned to judged addresses."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode, urlsplit

import urllib3
from urllib3.exceptions import HTTPError
from urllib3.util import Timeout

from slipway.ports.clusters import CALL_DEADLINE_SECONDS, Access, Unreachable


class Transport:
    """Thread-safe. Answers (status, body); raises Unreachable when there is no answer."""

    def __init__(self, access: Access, addresses: tuple[str, ...]) -> None:
        from kubernetes import client

        self._files: list[str] = []
        configuration = client.Configuration()
        configuration.host = access.server
        configuration.verify_ssl = True
        configuration.connection_pool_maxsize = 16
        configuration.retries = False
        configuration.proxy = None
        if access.ca_pem:
            configuration.ssl_ca_cert = self._file(access.ca_pem)
        if access.client_certificate_pem and access.client_key_pem:
            configuration.cert_file = self._file(access.client_certificate_pem)
            configuration.key_file = self._file(access.client_key_pem)
        self._api = client.ApiClient(configuration)
        parts = urlsplit(access.server)
        name = (parts.hostname or "").rstrip(".")
        # One pool straight to a judged address: TLS still wants a certificate for the name.
        self._pool = urllib3.HTTPSConnectionPool(
            addresses[0],
            parts.port or 443,
            maxsize=16,
            ssl_context=self._api.rest_client.pool_manager.connection_pool_kw.get("ssl_context"),
            cert_reqs="CERT_REQUIRED",
            ca_certs=configuration.ssl_ca_cert,
            cert_file=configuration.cert_file,
            key_file=configuration.key_file,
            server_hostname=name,
            assert_hostname=name,
            retries=False,
        )
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
        try:
            response = self._pool.request(
                method,
                self._url(path, query),
                body=data,
                headers=headers,
                timeout=Timeout(total=CALL_DEADLINE_SECONDS, connect=2.0),
                redirect=False,
            )
        except HTTPError as error:
            raise Unreachable(_why(error)) from None
        return response.status, response.data

    def stream(
        self, path: str, *, query: Mapping[str, Any], idle_seconds: float
    ) -> tuple[int, Iterator[bytes]]:
        """Lines as they come; ends when the server ends or nothing came for `idle_seconds`."""
        try:
            response = self._pool.request(
                "GET",
                self._url(path, query),
                headers=self._headers,
                timeout=Timeout(connect=2.0, read=idle_seconds),
                redirect=False,
                preload_content=False,
            )
        except HTTPError as error:
            raise Unreachable(_why(error)) from None
        if response.status != 200:
            body = response.read(65536)
            response.close()
            return response.status, iter([body])
        return 200, _lines(response)

    def close(self) -> None:
        self._pool.close()
        self._api.close()  # type: ignore[no-untyped-call]  # the client is untyped
        for path in self._files:
            with suppress(OSError):
                os.unlink(path)

    def _url(self, path: str, query: Mapping[str, Any] | None) -> str:
        given = {name: value for name, value in (query or {}).items() if value not in (None, "")}
        return f"{self._prefix}{path}" + (f"?{urlencode(given)}" if given else "")

    def _file(self, pem: str) -> str:
        """TLS wants files; 0600 and removed on close."""
        handle, path = tempfile.mkstemp(prefix="slipway-", suffix=".pem")
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(pem)
        self._files.append(path)
        return path


def _lines(response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    rest = b""
    try:
        while chunk := response.read1(65536):
            *whole, rest = (rest + chunk).split(b"\n")
            yield from (line for line in whole if line)
    except HTTPError:
        return
    finally:
        response.close()
        response.release_conn()


def _why(error: HTTPError) -> str:
    text = str(error).lower()
    for sign, words in (
        ("refused", "the connection is refused"),
        ("certificate", "its certificate is not the one we know"),
        ("timed out", "no answer in time"),
        ("reset", "the connection was cut"),
        ("aborted", "the connection was cut"),
        ("unreachable", "there is no way to its address"),
    ):
        if sign in text:
            return f"{words}."
    return f"no connection ({type(error).__name__})."
