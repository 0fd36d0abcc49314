"""Every address of the installation. The organization is in each path that shows its rows."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path

from apps.core.api.document import DocumentationView, SchemaView
from apps.core.api.unknown import unknown_path

_ORGANIZATION = "organizations/<slug:organization>/"

api: list[URLPattern | URLResolver] = [
    path("", include("apps.organizations.urls")),
    path(_ORGANIZATION, include("apps.clusters.urls")),
    path(_ORGANIZATION, include("apps.applications.urls")),
    path(_ORGANIZATION, include("apps.environments.urls")),
    path(_ORGANIZATION, include("apps.releases.urls")),
    path(_ORGANIZATION, include("apps.rollouts.urls")),
    path(_ORGANIZATION, include("apps.approvals.urls")),
    path("schema/", SchemaView.as_view(), name="api-schema"),
    path("docs/", DocumentationView.as_view(), name="api-docs"),
]

handler500 = "apps.core.api.unknown.server_error"

urlpatterns = [
    path("api/v1/", include(api)),
    re_path(r"^api/", unknown_path),
    path("accounts/", include("apps.dashboard.urls_accounts")),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/second-factor/", include("apps.dashboard.urls_signing_in")),
    path("operator/", admin.site.urls),
    path("", include("apps.dashboard.urls")),
]

handler404 = "apps.dashboard.views.errors.not_found"
handler403 = "apps.dashboard.views.errors.forbidden"
