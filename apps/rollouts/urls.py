from django.urls import path, re_path

from apps.rollouts.api import views

_ACTIONS = "abort|stop|pause|resume|retry|confirm-deletions"

urlpatterns = [
    path("rollouts/", views.RolloutList.as_view(), name="api-rollouts"),
    path("rollouts/<str:rollout>/", views.RolloutDetail.as_view(), name="api-rollout"),
    path("rollouts/<str:rollout>/plan/", views.RolloutPlan.as_view(), name="api-rollout-plan"),
    path("rollouts/<str:rollout>/explain/", views.RolloutExplanation.as_view(), name="api-rollout-explain"),
    path("rollouts/<str:rollout>/events/", views.RolloutEvents.as_view(), name="api-rollout-events"),
    re_path(
        rf"^rollouts/(?P<rollout>[^/]+)/(?P<action>{_ACTIONS})/$",
        views.RolloutAction.as_view(),
        name="api-rollout-action",
    ),
    re_path(
        r"^targets/(?P<target>[0-9a-f-]{36})/(?P<action>reapply|lift-mark)/$",
        views.TargetAction.as_view(),
        name="api-target-action",
    ),
]
