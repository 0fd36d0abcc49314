from __future__ import annotations


class CannotStart(Exception):
    """Said to the person at the terminal as it stands: what is wrong and what to do."""
