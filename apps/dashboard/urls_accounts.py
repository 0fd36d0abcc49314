"""Pages of allauth that are not offered here, met before its own. An address that it would keep beside a person's own
could be signed in with, verified or not; people do not sign themselves up; a password is changed on our page."""

from django.urls import path, re_path
from django.views.generic import RedirectView

from apps.dashboard.views.errors import not_offered

urlpatterns = [
    path("signup/", not_offered),
    path("email/", RedirectView.as_view(pattern_name="account-address")),
    re_path(r"^confirm-email/", not_offered),
    path("password/set/", not_offered),
    path("password/change/", RedirectView.as_view(pattern_name="account-password")),
    path("login/code/confirm/", not_offered),
]
