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

from apps.core import scopes


class OperatorSite(AdminSite):
    site_header = site_title = "Slipway, for operators"
    index_title = "Every organization of this installation"
    site_url = "/"

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
