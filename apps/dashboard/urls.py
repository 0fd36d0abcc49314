from django.urls import path

from apps.dashboard.views import actions, applications, home, joining, rollouts, waiting

_ORGANIZATION = "o/<slug:organization>/"

urlpatterns = [
    path("", home.chooser, name="chooser"),
    path("join/<str:secret>/", joining.join, name="join"),
    path("invitations/<str:secret>/", joining.join),  # as the API and `slipway init` write it
    path(_ORGANIZATION, home.Home.as_view(), name="home"),
    path(f"{_ORGANIZATION}waiting/count/", waiting.WaitingCount.as_view(), name="waiting-count"),
    path(f"{_ORGANIZATION}rollouts/", rollouts.RolloutList.as_view(), name="rollouts"),
    path(f"{_ORGANIZATION}rollouts/<int:number>/", rollouts.RolloutPage.as_view(), name="rollout"),
    path(
        f"{_ORGANIZATION}rollouts/<int:number>/actions/",
        rollouts.RolloutActions.as_view(),
        name="rollout-actions",
    ),
    path(
        f"{_ORGANIZATION}rollouts/<int:number>/<slug:name>/",
        actions.RolloutAct.as_view(),
        name="rollout-act",
    ),
    path(f"{_ORGANIZATION}applications/", applications.ApplicationList.as_view(), name="applications"),
    path(
        f"{_ORGANIZATION}applications/<slug:application>/",
        applications.ApplicationPage.as_view(),
        name="application",
    ),
    path(
        f"{_ORGANIZATION}applications/<slug:application>/releases/<path:version>/",
        applications.ReleasePage.as_view(),
        name="release",
    ),
]
