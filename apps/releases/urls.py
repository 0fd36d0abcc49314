from django.urls import path

from apps.releases.api import views

urlpatterns = [
    path("applications/<slug:application>/releases/", views.ReleaseList.as_view(), name="api-releases"),
    path(
        "applications/<slug:application>/releases/<str:version>/",
        views.ReleaseDetail.as_view(),
        name="api-release",
    ),
]
