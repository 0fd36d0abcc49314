"""`python -m slipway.manage`: Django's commands, with a wrong setting said in one sentence instead of a traceback."""

from __future__ import annotations

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "slipway.settings.production")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    try:
        execute_from_command_line(["slipway", *sys.argv[1:]])
    except ImproperlyConfigured as wrong:
        sys.exit(f"slipway: {wrong}")
    except OperationalError as away:
        sys.exit(f"slipway: The database cannot be used: {str(away).strip().splitlines()[0]}")


if __name__ == "__main__":
    main()
