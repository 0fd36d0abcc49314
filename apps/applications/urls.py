from django.urls import path

from apps.applications.api import views

urlpatterns = [
    path("applications/", views.ApplicationList.as_view(), name="api-applications"),
    path("applications/<slug:application>/", views.ApplicationDetail.as_view(), name="api-application"),
]
