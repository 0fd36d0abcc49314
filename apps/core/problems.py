"""What a service refuses with: problem+json in the API, a sentence beside the field in pages, a line in the CLI."""

from __future__ import annotations

from typing import Any


class Problem(Exception):
    """`sentence` is in the user's words; `fields` maps a field's path to its sentence."""

    status = 400
    kind = "bad-request"
    title = "That cannot be done"

    def __init__(self, sentence: str, *, fields: dict[str, str] | None = None, **extra: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.fields = fields or {}
        self.extra = extra

    def as_dict(self) -> dict[str, Any]:
        """RFC 9457."""
        body: dict[str, Any] = {
            "type": f"urn:slipway:problem:{self.kind}",
            "title": self.title,
            "status": self.status,
            "detail": self.sentence,
            **self.extra,
        }
        if self.fields:
            body["fields"] = self.fields
        return body


class Invalid(Problem):
    status = 422
    kind = "invalid"
    title = "The request has mistakes"


class Unauthenticated(Problem):
    status = 401
    kind = "unauthenticated"
    title = "Sign in first"


class Forbidden(Problem):
    status = 403
    kind = "forbidden"
    title = "You may not do that"


class NotFound(Problem):
    status = 404
    kind = "not-found"
    title = "Not found"


class Conflict(Problem):
    status = 409
    kind = "conflict"
    title = "Something else is in the way"


class Outdated(Problem):
    """If-Match, or an approval of a plan that is no longer the one in force."""

    status = 412
    kind = "outdated"
    title = "It changed since you looked"


class TooLarge(Problem):
    status = 413
    kind = "too-large"
    title = "Too large"
