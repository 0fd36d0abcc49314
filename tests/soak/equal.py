"""Run inside a stack: `python -m tests.soak.equal TARGET` prints what differs between the release and the cluster."""

from __future__ import annotations

import json
import os
import sys
from uuid import UUID

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "slipway.settings.embedded")
    django.setup()
    from apps.core import scopes
    from apps.environments.models import Target
    from tests.rollouts.equality import differences

    target = UUID(sys.argv[1])
    with scopes.system("the soak's target"):
        organization = Target.objects.values_list("organization_id", flat=True).get(id=target)
    print(json.dumps(differences(organization, target)))  # noqa: T201  read by whoever started it
