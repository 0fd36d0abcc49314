from django.urls import path, re_path

from apps.rollouts.api import actions, targets, views

urlpatterns = [
    path("rollouts/", views.RolloutList.as_view(), name="api-rollouts"),
    path("rollouts/<str:rollout>/", views.RolloutDetail.as_view(), name="api-rollout"),
    path("rollouts/<str:rollout>/plan/", views.RolloutPlan.as_view(), name="api-rollout-plan"),
    path("rollouts/<str:rollout>/explain/", views.RolloutExplanation.as_view(), name="api-rollout-explain"),
    path("rollouts/<str:rollout>/events/", views.RolloutEvents.as_view(), name="api-rollout-events"),
    re_path(
        r"^rollouts/(?P<rollout>[^/]+)/(?P<action>abort|stop|pause|resume|retry)/$",
        actions.RolloutAction.as_view(),
        name="api-rollout-action",
    ),
    path(
        "rollouts/<str:rollout>/confirm-deletions/",
        actions.RolloutConfirmDeletions.as_view(),
        name="api-rollout-confirm-deletions",
    ),
    path("targets/", targets.TargetList.as_view(), name="api-targets"),
    path("targets/<uuid:target>/", targets.TargetDetail.as_view(), name="api-target"),
    path("targets/<uuid:target>/reapply/", targets.TargetReapply.as_view(), name="api-target-reapply"),
    path("targets/<uuid:target>/lift-mark/", targets.TargetLiftMark.as_view(), name="api-target-lift-mark"),
]
