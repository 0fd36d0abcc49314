from django.urls import path

from apps.approvals.api import views

urlpatterns = [
    path("rollouts/<str:rollout>/approvals/", views.ApprovalList.as_view(), name="api-approvals"),
]
