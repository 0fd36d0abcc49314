"""Run inside a stack: makes the people of `tests.people`, and prints a token for each that acts."""

from __future__ import annotations

import json
import os

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "slipway.settings.embedded")
    django.setup()
    from apps.core import scopes
    from apps.organizations.choices import TokenScope
    from apps.organizations.services import create_token
    from tests.people import actor, make_people

    people = make_people()
    tokens = {}
    for name in ("ana", "bo", "dee", "vic"):
        person = actor(getattr(people, name), people.acme)
        with scopes.organization(people.acme.id):
            tokens[name] = create_token(person, name="stack", token_scopes=TokenScope.values).secret
    print(json.dumps(tokens))  # noqa: T201  read by whoever started it
