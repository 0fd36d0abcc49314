from django.urls import path

from apps.environments.api import views

urlpatterns = [
    path("environments/", views.EnvironmentList.as_view(), name="api-environments"),
    path("environments/<slug:environment>/", views.EnvironmentDetail.as_view(), name="api-environment"),
    path("targets/", views.TargetList.as_view(), name="api-targets"),
]
