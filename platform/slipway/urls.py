"""Every address of the installation. The organization is in each path that shows its rows."""

from django.contrib import admin
from django.urls import include, path, re_path

from apps.core.api.unknown import unknown_path

_ORGANIZATION = "organizations/<slug:organization>/"

api = [
    path("", include("apps.organizations.urls")),
    path(_ORGANIZATION, include("apps.clusters.urls")),
    path(_ORGANIZATION, include("apps.applications.urls")),
    path(_ORGANIZATION, include("apps.environments.urls")),
    path(_ORGANIZATION, include("apps.releases.urls")),
    path(_ORGANIZATION, include("apps.rollouts.urls")),
    path(_ORGANIZATION, include("apps.approvals.urls")),
]

urlpatterns = [
    path("api/v1/", include(api)),
    re_path(r"^api/", unknown_path),
    path("accounts/", include("allauth.account.urls")),
    path("operator/", admin.site.urls),
]
