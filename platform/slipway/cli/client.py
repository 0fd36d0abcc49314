"""The API over HTTP. A write carries an Idempotency-Key, so that one whose answer was lost may be sent again."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote

from slipway.cli.account import Account
from slipway.cli.outcomes import CommandFailed

if TYPE_CHECKING:
    import httpx

_PAUSES = (0.3, 1.0, 2.5)  # between tries: a server that restarts is back within these
_AGAIN = frozenset({502, 503, 504})
_MOST_PATIENCE_SECONDS = 15.0

Json = dict[str, Any]


class Api:
    def __init__(self, account: Account, *, sleep: Callable[[float], None] = time.sleep) -> None:
        import httpx  # 0.3 s, and `--help` needs none of it

        self.account = account
        self._sleep = sleep
        self._http = httpx.Client(
            base_url=f"{account.url}/api/v1/",
            headers={"Authorization": f"Bearer {account.token}", "Accept": "application/json"},
            timeout=httpx.Timeout(60.0, connect=5.0),
            follow_redirects=False,
        )

    def get(self, path: str, **query: Any) -> Any:
        return self._call("GET", path, query=query)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return self._call("POST", path, body=body or {})

    def patch(self, path: str, body: Mapping[str, Any], *, revision: int) -> Any:
        """Refused when it is no longer at that revision."""
        return self._call("PATCH", path, body=body, revision=revision)

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._call("PUT", path, body=body)

    def delete(self, path: str) -> Any:
        return self._call("DELETE", path)

    def pages(self, path: str, *, most: int, **query: Any) -> list[Json]:
        """The first `most` rows; 0 is all of them."""
        return list(self._rows(path, most, query))

    def download(self, path: str, into: BinaryIO, **query: Any) -> None:
        """Piece by piece, however long it is."""
        import httpx

        given = {name: value for name, value in query.items() if value not in (None, "")}
        try:
            with self._http.stream("GET", path, params=given, headers={"Accept": "*/*"}) as response:
                if not response.is_success:
                    response.read()
                    self._read(response)
                for piece in response.iter_bytes():
                    into.write(piece)
        except httpx.TransportError as error:
            raise CommandFailed(f"The download broke off ({_why(error)}); nothing was kept.") from None

    def inside(self, *parts: object) -> str:
        """A path within the organization; what a person typed stays one part of it."""
        if not self.account.organization:
            raise CommandFailed("Say which organization: --organization, or SLIPWAY_ORGANIZATION.")
        return _path("organizations", self.account.organization, *parts)

    def close(self) -> None:
        self._http.close()

    def _rows(self, path: str, most: int, query: Mapping[str, Any]) -> Iterator[Json]:
        left, cursor = most or 10**9, ""
        while True:
            answer = self.get(path, **query, limit=min(left, 200), cursor=cursor)
            yield from answer["items"]
            left -= len(answer["items"])
            cursor = answer["next"] or ""
            if not cursor or left <= 0:
                return

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        revision: int | None = None,
    ) -> Any:
        import httpx

        headers = {} if method == "GET" else {"Idempotency-Key": uuid.uuid4().hex}
        if revision is not None:
            headers["If-Match"] = f'"{revision}"'
        given = {name: value for name, value in (query or {}).items() if value not in (None, "")}
        pauses = iter(_PAUSES)
        while True:
            pause: float | None
            try:
                response = self._http.request(method, path, params=given, json=body, headers=headers)
            except httpx.TransportError as error:
                pause = next(pauses, None)
                if pause is None:
                    raise CommandFailed(f"{self.account.url} does not answer ({_why(error)}).") from None
            else:
                if response.status_code in _AGAIN:
                    pause = next(pauses, None)
                elif (
                    response.status_code == 429
                    and (asked := _retry_after(response)) <= _MOST_PATIENCE_SECONDS
                ):
                    pause = asked if next(pauses, None) is not None else None
                else:
                    pause = None
                if pause is None:
                    return self._read(response)
            self._sleep(pause)

    def _read(self, response: httpx.Response) -> Any:
        if response.status_code == 204:
            return None
        kind = response.headers.get("content-type", "").partition(";")[0]
        if response.is_success and kind == "application/json":
            return response.json()
        if kind == "application/problem+json":
            raise CommandFailed(
                str(response.json().get("detail", "")) or f"Refused ({response.status_code})."
            )
        if response.is_redirect:
            where = response.headers.get("location", "another address")
            raise CommandFailed(f"{self.account.url} sends us on to {where}; log in there.")
        raise CommandFailed(f"{self.account.url} answers {response.status_code}, not as Slipway does.")


def said(**values: Any) -> Json:
    """A body of what was said: what was left out is left to the server."""
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}


def _path(*parts: object) -> str:
    return "".join(f"{quote(str(part), safe='')}/" for part in parts)


def _retry_after(response: httpx.Response) -> float:
    text = response.headers.get("retry-after", "1")
    return float(text) if text.isdecimal() else 1.0


def _why(error: Exception) -> str:
    text = str(error)
    return text[:200] or type(error).__name__
