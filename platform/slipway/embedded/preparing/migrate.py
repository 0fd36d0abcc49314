"""`python -m slipway.embedded.preparing.migrate`: migrates as the owner, once the database answers."""

from __future__ import annotations

import sys
import time

import django
from django.core.management import call_command
from django.db import OperationalError, connections

_PATIENCE_SECONDS = 60.0


def main() -> None:
    # Loading Django takes longer than the database's own start: both happen at once, then this waits for the rest.
    django.setup()
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            connections["owner"].ensure_connection()
            break
        except OperationalError as error:
            if time.monotonic() > deadline:
                sys.exit(f"The database does not let the owner in: {error}")
            time.sleep(0.1)
    call_command("migrate", database="owner", interactive=False, verbosity=1)
    call_command("ensure_schedule")


if __name__ == "__main__":
    main()
