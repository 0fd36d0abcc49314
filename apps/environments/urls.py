from django.urls import path

from apps.environments.api import explain, grants, views

urlpatterns = [
    path("environments/", views.EnvironmentList.as_view(), name="api-environments"),
    path("environments/<slug:environment>/", views.EnvironmentDetail.as_view(), name="api-environment"),
    path(
        "environments/<slug:environment>/move/", views.EnvironmentMove.as_view(), name="api-environment-move"
    ),
    path(
        "environments/<slug:environment>/clusters/",
        views.EnvironmentClusters.as_view(),
        name="api-environment-clusters",
    ),
    path(
        "environments/<slug:environment>/clusters/<slug:cluster>/",
        views.EnvironmentClusterDetail.as_view(),
        name="api-environment-cluster",
    ),
    path("environments/<slug:environment>/grants/", grants.GrantList.as_view(), name="api-grants"),
    path("grants/", grants.AllGrants.as_view(), name="api-all-grants"),
    path("grants/<uuid:grant>/", grants.GrantDetail.as_view(), name="api-grant"),
    path("access/explain/", explain.AccessExplanation.as_view(), name="api-access-explain"),
]
