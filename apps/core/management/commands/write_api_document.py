"""docs/openapi.yaml, from the code. A test holds the committed one to what this writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

_COMMITTED = Path(__file__).resolve().parents[4] / "docs" / "openapi.yaml"


class Command(BaseCommand):
    help = "Writes the API's OpenAPI document to docs/openapi.yaml."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--path", default=str(_COMMITTED))

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("spectacular", file=options["path"], validate=True, fail_on_warn=True)
        self.stdout.write(f"Written: {options['path']}")
