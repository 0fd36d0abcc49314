from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from tests.api.document import check_answer

EVERY_SCOPE = ("read", "release", "deploy", "approve", "admin")


@dataclass
class Answer:
    status: int
    body: Any
    headers: Any
    text: str

    @property
    def sentence(self) -> str:
        return str(self.body["detail"])


@dataclass
class Api:
    """One person's way to one organization."""

    slug: str
    token: str
    client: Client = field(default_factory=Client)

    @classmethod
    def of(cls, user: Any, organization: Any, *, scopes: tuple[str, ...] = ()) -> Api:
        return cls(organization.slug, token_for(user, organization, scopes=scopes or EVERY_SCOPE))

    def get(self, path: str, **query: Any) -> Answer:
        return self._ask("GET", path, None, {}, query)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self._ask("POST", path, body if body is not None else {}, headers, {})

    def patch(self, path: str, body: Any, **headers: str) -> Answer:
        return self._ask("PATCH", path, body, headers, {})

    def delete(self, path: str, **headers: str) -> Answer:
        return self._ask("DELETE", path, None, headers, {})

    def _ask(
        self, method: str, path: str, body: Any, headers: dict[str, str], query: dict[str, Any]
    ) -> Answer:
        url = path if path.startswith("/") else f"/api/v1/organizations/{self.slug}/{path}"
        data = body if isinstance(body, str | bytes) else "" if body is None else json.dumps(body)
        response = self.client.generic(
            method,
            url,
            data,
            content_type="application/json",
            query_params=query,
            headers={
                "Authorization": f"Bearer {self.token}",
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
        )
        text = response.content.decode()
        answer = Answer(response.status_code, json.loads(text) if text else None, response.headers, text)
        check_answer(method, url, answer.status, response.headers.get("Content-Type", ""), answer.body)
        return answer


def token_for(user: Any, organization: Any, *, scopes: tuple[str, ...] = EVERY_SCOPE, **facts: Any) -> str:
    from apps.core import scopes as walls
    from apps.organizations.services import create_token
    from tests.people import actor

    who = actor(user, organization)
    with walls.organization(organization.id):
        return create_token(who, name="test", token_scopes=scopes, **facts).secret
