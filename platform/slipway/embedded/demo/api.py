"""The demo as a client of the product: its API, one person at a time."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import httpx

from slipway.embedded.demo.people import ORGANIZATION, Person

_TRIES = 5


class Refused(Exception):
    """The API said no: `sentence` is its own."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


class Api:
    def __init__(self, port: int) -> None:
        # 127.0.0.1: `localhost` may be tried as ::1 first, where nobody listens.
        self._client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}/api/v1/organizations/{ORGANIZATION}/", timeout=60
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def get(self, person: Person, path: str, **query: str) -> Any:
        """Refused; a web process that was just restarted is asked again."""
        return await self._send("GET", person, path, params=query)

    async def find(self, person: Person, path: str) -> Any | None:
        """None where there is no such thing."""
        try:
            return await self.get(person, path)
        except Refused as refusal:
            if refusal.status == 404:
                return None
            raise

    async def post(self, person: Person, path: str, **body: Any) -> Any:
        return await self._send("POST", person, path, json=body)

    async def patch(self, person: Person, path: str, **body: Any) -> Any:
        return await self._send("PATCH", person, path, json=body)

    async def items(self, person: Person, path: str, **query: str) -> list[Any]:
        """The first page, which is all that a demo has."""
        return list((await self.get(person, path, **query))["items"])

    async def _send(self, method: str, person: Person, path: str, **request: Any) -> Any:
        headers = {"Authorization": f"Bearer {person.token}"}
        if method != "GET":
            headers["Idempotency-Key"] = uuid.uuid4().hex  # the same for every try: it happens once
        for attempt in range(_TRIES):
            try:
                answer = await self._client.request(method, path, headers=headers, **request)
            except httpx.TransportError:
                if attempt == _TRIES - 1:
                    raise
                await asyncio.sleep(0.5 * 2**attempt)
                continue
            if answer.status_code in {429, 502, 503} and attempt < _TRIES - 1:
                await asyncio.sleep(0.5 * 2**attempt)
                continue
            break
        if answer.is_success:
            return answer.json() if answer.content else None
        raise Refused(answer.status_code, _sentence(answer))


def _sentence(answer: httpx.Response) -> str:
    try:
        problem = answer.json()
        return str(problem.get("detail") or problem.get("title") or problem)
    except ValueError:
        return f"The server answered {answer.status_code}."
