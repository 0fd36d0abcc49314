from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from apps.dashboard.marks import Mark
from apps.dashboard.pictures import samples


def styleguide(request: HttpRequest) -> HttpResponse:
    """Every component from the templates that the pages use. While developing only."""
    if not settings.DEBUG:
        raise Http404
    rollout = SimpleNamespace(number=12, slot_at=True, ended_at=None)
    picture = SimpleNamespace(
        slug="sample",
        rollout=rollout,
        rail=samples.rail(),
        percent=58,
        mark=Mark("progressing", "progressing"),
        objects=SimpleNamespace(pods=samples.pods()),
        plan=None,
    )
    context: dict[str, Any] = {
        "colours": samples.colours(),
        "marks": samples.marks(),
        "cells": samples.cells(),
        "picture": picture,
        "rollout": rollout,
        "changes": samples.changes(),
        "hits": samples.hits(),
        "digest": f"sha256:{'3f9a' * 15}c41e",
        "moment": samples.cells()[0].since,
    }
    return render(request, "dashboard/styleguide.html", context)
