"""Run inside a stack: how many queries each path costs Ana, as JSON."""

from __future__ import annotations

import json
import os
import sys

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "slipway.settings.embedded")
    django.setup()
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from apps.organizations.models import User

    client = Client(headers={"Host": "localhost"})
    client.force_login(
        User.objects.get(email="ana@acme.example"), "django.contrib.auth.backends.ModelBackend"
    )
    counts = {}
    for path in sys.argv[1:]:
        client.get(path)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200, path
        counts[path] = len(captured)
        if os.environ.get("SLOW"):
            for query in sorted(captured.captured_queries, key=lambda each: -float(each["time"]))[:4]:
                print(path, query["time"], query["sql"][:400], file=sys.stderr)  # noqa: T201  asked for
    print(json.dumps(counts))  # noqa: T201  read by whoever started it
