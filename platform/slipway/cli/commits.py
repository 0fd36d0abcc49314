"""Commits of a range, as git tells them."""

from __future__ import annotations

import subprocess
from typing import Any

from slipway.cli.outcomes import CommandFailed, Outcome

_FIELDS = ("sha", "author", "committer", "authored_at", "committed_at", "message")
_FORMAT = "%x00".join(("%H", "%an <%ae>", "%cn <%ce>", "%aI", "%cI", "%B")) + "%x1e"


def read_commits(commit_range: str) -> list[dict[str, Any]]:
    """Newest first. Raises CommandFailed with git's own words."""
    if commit_range.startswith("-"):
        raise CommandFailed(f"“{commit_range}” is no range of commits.", Outcome.USAGE)
    text = _git("log", f"--format={_FORMAT}", commit_range, "--")
    entries = (entry.lstrip("\n") for entry in text.split("\x1e"))
    commits = [dict(zip(_FIELDS, entry.split("\x00"), strict=True)) for entry in entries if entry]
    return [{**commit, "message": commit["message"].strip()} for commit in commits]


def branch_now() -> str:
    """ "" where no branch is checked out, as in most CI jobs."""
    branch = _git("rev-parse", "--abbrev-ref", "HEAD").strip()
    return "" if branch == "HEAD" else branch


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, check=False)
    except FileNotFoundError:
        raise CommandFailed("git is not installed.", Outcome.USAGE) from None
    if done.returncode:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise CommandFailed(f"git says: {words[0] if words else 'no'}", Outcome.USAGE)
    return done.stdout.decode("utf-8", "replace")
