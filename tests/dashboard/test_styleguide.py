"""The page of components is there while developing, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client


@pytest.mark.django_db
def test_every_component_is_drawn_from_the_pages_own_templates_while_developing(settings: Any) -> None:
    settings.DEBUG = True
    answer = Client().get("/styleguide/")
    assert answer.status_code == 200
    content = answer.content.decode()
    for part in (
        'class="s healthy"',
        'id="rollout-rail"',
        'id="rollout-pods"',
        'class="diff"',
        "sample-moving",
    ):
        assert part in content, part


@pytest.mark.django_db
def test_an_installation_has_no_such_page() -> None:
    assert Client().get("/styleguide/").status_code == 404
