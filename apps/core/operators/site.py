from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.text import slugify

from apps.core import scopes
from apps.core.operators.groups import GROUPS, OTHERS, PLURALS
from apps.core.operators.states import states

_OURS = ("apps.", "django.contrib.auth.")  # of the latter, groups: who may do what as an operator


class OperatorSite(AdminSite):
    site_header = site_title = "Slipway, for operators"
    index_title = "Every organization of this installation"
    site_url = "/"

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Without the pages that other packages bring: they show keys of sessions, and what is changed on them is in
        no audit."""
        if admin_class is not None and not admin_class.__module__.startswith(_OURS):
            return
        super().register(model_or_iterable, admin_class, **options)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """In groups by what one looks for; the page of one app stays as Django makes it."""
        apps = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        left = {model["object_name"]: model for app in apps for model in app["models"]}
        for name, model in left.items():
            model["name"] = PLURALS.get(name, model["name"])
        found = [
            (group.name, group.words, [left.pop(name) for name in group.models if name in left])
            for group in GROUPS
        ]
        if left:
            found.append((OTHERS, "", list(left.values())))
        return [
            {
                "name": name,
                "words": words,
                "app_label": slugify(name),
                "app_url": f"{reverse('admin:index')}#group-{slugify(name)}",
                "has_module_perms": True,
                "models": models,
            }
            for name, words, models in found
            if models
        ]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """What may need somebody comes first, in numbers."""
        found = [state for state in states(self) if request.user.has_perm(state.permission)]
        return super().index(
            request, {**(extra_context or {}), "states": sorted(found, key=lambda state: -state.number)}
        )

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        """Each page in system scope, from its first query to its last: a page is rendered inside, too."""

        @wraps(view)
        def in_system_scope(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            with scopes.system(f"operator {request.user.pk}"):
                response: Any = view(request, *args, **kwargs)
                if hasattr(response, "render") and not response.is_rendered:
                    response.render()
                answer: HttpResponse = response
                return answer

        return super().admin_view(in_system_scope, cacheable)

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Through the one sign-in page, with its rate limits; there is no second one beside it."""
        if request.user.is_authenticated and not self.has_permission(request):
            raise PermissionDenied
        target = request.GET.get("next") or resolve_url("admin:index")
        return redirect_to_login(target, resolve_url(settings.LOGIN_URL))
