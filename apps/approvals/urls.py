from django.urls import path

from apps.approvals.api import delegations, overrides, views

urlpatterns = [
    path("rollouts/<str:rollout>/approvals/", views.ApprovalList.as_view(), name="api-approvals"),
    path("rollouts/<str:rollout>/break-glass/", overrides.BreakGlass.as_view(), name="api-break-glass"),
    path("rollouts/<str:rollout>/emergency/", overrides.Emergency.as_view(), name="api-emergency"),
    path("rollouts/<str:rollout>/after-review/", overrides.AfterReview.as_view(), name="api-after-review"),
    path("delegations/", delegations.DelegationList.as_view(), name="api-delegations"),
    path("delegations/<uuid:delegation>/", delegations.DelegationDetail.as_view(), name="api-delegation"),
    path("overrides/", overrides.OverrideList.as_view(), name="api-overrides"),
]
