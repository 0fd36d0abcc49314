#!/usr/bin/env python
"""Django's command line for a bare checkout; installed copies use `slipway` and `python -m django`."""

import os
import sys
from pathlib import Path

# The import package `slipway` lives in platform/, which is a source root and must never become a package itself.
sys.path.insert(0, str(Path(__file__).resolve().parent / "platform"))

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "slipway.settings.embedded")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
