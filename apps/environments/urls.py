from django.urls import path

from apps.environments.api import grants, views

urlpatterns = [
    path("environments/", views.EnvironmentList.as_view(), name="api-environments"),
    path("environments/<slug:environment>/", views.EnvironmentDetail.as_view(), name="api-environment"),
    path("environments/<slug:environment>/grants/", grants.GrantList.as_view(), name="api-grants"),
    path("grants/<uuid:grant>/", grants.GrantDetail.as_view(), name="api-grant"),
]
