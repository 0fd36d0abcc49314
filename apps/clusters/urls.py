from django.urls import path

from apps.clusters.api import views

urlpatterns = [
    path("clusters/", views.ClusterList.as_view(), name="api-clusters"),
    path("clusters/<slug:cluster>/", views.ClusterDetail.as_view(), name="api-cluster"),
    path("clusters/<slug:cluster>/check/", views.ClusterCheck.as_view(), name="api-cluster-check"),
]
