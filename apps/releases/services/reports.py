"""What a caller reports with a release: commits and images, checked and brought into one spelling."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from apps.core.problems import Invalid
from slipway.engine.manifests import ImageReference, images_of
from slipway.engine.objects import Manifest

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_ISSUE = re.compile(r"\b[A-Z][A-Z0-9]{1,9}-[1-9][0-9]{0,6}\b")
MOST_COMMITS = 5000


@dataclass(frozen=True, slots=True)
class Commit:
    sha: str
    subject: str
    author_name: str
    author_email: str
    committer_name: str
    committer_email: str
    authored_at: datetime | None
    committed_at: datetime | None
    merged_at: datetime | None
    issue_keys: tuple[str, ...]


def checked_commits(reported: Sequence[Mapping[str, Any]]) -> tuple[Commit, ...]:
    """Newest first, as reported. Issue keys are those named plus those found in the message."""
    if len(reported) > MOST_COMMITS:
        raise Invalid(f"A release names at most {MOST_COMMITS} commits.", fields={"commits": "too many"})
    commits, seen = [], set()
    for index, entry in enumerate(reported):
        sha = str(entry.get("sha", "")).lower()
        if not _SHA.fullmatch(sha):
            sentence = "A commit is named by its whole hash, 40 or 64 hexadecimal digits."
            raise Invalid(sentence, fields={f"commits.{index}.sha": sentence})
        if sha in seen:
            continue
        seen.add(sha)
        message = str(entry.get("message", ""))
        author, committer = (
            _person(entry.get("author")),
            _person(entry.get("committer") or entry.get("author")),
        )
        named = {str(key).upper() for key in entry.get("issue_keys") or ()}
        commits.append(
            Commit(
                sha=sha,
                subject=message.strip().split("\n", 1)[0][:500],
                author_name=author[0],
                author_email=author[1],
                committer_name=committer[0],
                committer_email=committer[1],
                authored_at=_moment(entry.get("authored_at"), f"commits.{index}.authored_at"),
                committed_at=_moment(entry.get("committed_at"), f"commits.{index}.committed_at"),
                merged_at=_moment(entry.get("merged_at"), f"commits.{index}.merged_at"),
                issue_keys=tuple(sorted(named | set(_ISSUE.findall(message)))),
            )
        )
    return tuple(commits)


def images_in(rendered: Iterable[tuple[Manifest, ...]]) -> dict[ImageReference, set[str]]:
    """Image → the containers that run it, over all environments."""
    found: dict[ImageReference, set[str]] = {}
    for documents in rendered:
        for document in documents:
            for where, image in images_of(document):
                found.setdefault(image, set()).add(where)
    return found


def _person(reported: Any) -> tuple[str, str]:
    if isinstance(reported, Mapping):
        return str(reported.get("name", ""))[:200], str(reported.get("email", "")).strip().lower()[:254]
    match = re.fullmatch(r"\s*(.*?)\s*<([^>]*)>\s*", str(reported or ""))
    if match:
        return match[1][:200], match[2].lower()[:254]
    return str(reported or "")[:200], ""


def _moment(reported: Any, field: str) -> datetime | None:
    if reported in (None, ""):
        return None
    try:
        moment = parse_datetime(str(reported))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        sentence = "A moment is written like 2026-11-23T14:05:00Z, with its offset."
        raise Invalid(sentence, fields={field: sentence})
    return moment
