from django.urls import include, path

from apps.dashboard.views import (
    actions,
    activity,
    applications,
    approvals,
    audit,
    events,
    first,
    home,
    joining,
    pods,
    releases,
    replay,
    review,
    rollouts,
    search,
    starting,
    styleguide,
    topology,
    waiting,
)

_ORGANIZATION = "o/<slug:organization>/"

urlpatterns = [
    path("", home.chooser, name="chooser"),
    path("styleguide/", styleguide.styleguide, name="styleguide"),
    path("join/<str:secret>/", joining.join, name="join"),
    path("invitations/<str:secret>/", joining.join),  # as the API and `slipway init` write it
    path(_ORGANIZATION, home.Home.as_view(), name="home"),
    path(f"{_ORGANIZATION}views/", home.SavedViews.as_view(), name="saved-views"),
    path(
        f"{_ORGANIZATION}views/<slug:view>/delete/", home.SavedViewDelete.as_view(), name="saved-view-delete"
    ),
    path(f"{_ORGANIZATION}activity/", activity.ActivityPage.as_view(), name="activity"),
    path(f"{_ORGANIZATION}audit/", audit.AuditPage.as_view(), name="audit"),
    path(f"{_ORGANIZATION}search/", search.SearchPage.as_view(), name="search"),
    path(f"{_ORGANIZATION}waiting/count/", waiting.WaitingCount.as_view(), name="waiting-count"),
    path(f"{_ORGANIZATION}rollouts/", rollouts.RolloutList.as_view(), name="rollouts"),
    path(f"{_ORGANIZATION}rollouts/<int:number>/", rollouts.RolloutPage.as_view(), name="rollout"),
    path(
        f"{_ORGANIZATION}rollouts/<int:number>/events/", events.RolloutEvents.as_view(), name="rollout-events"
    ),
    path(
        f"{_ORGANIZATION}rollouts/<int:number>/cluster-events/",
        events.ClusterEvents.as_view(),
        name="rollout-cluster-events",
    ),
    path(f"{_ORGANIZATION}rollouts/<int:number>/at/<int:at>/", replay.RolloutAt.as_view(), name="rollout-at"),
    path(
        f"{_ORGANIZATION}rollouts/<int:number>/objects/<str:kind>/<str:space>/<str:named>/",
        topology.ObjectPage.as_view(),
        name="object-panel",
    ),
    path(
        f"{_ORGANIZATION}rollouts/<int:number>/pods/<str:pod>/",
        topology.PodPage.as_view(),
        name="pod-panel",
    ),
    path(f"{_ORGANIZATION}rollouts/<int:number>/pods/<str:pod>/log/", pods.PodLog.as_view(), name="pod-log"),
    path(
        f"{_ORGANIZATION}rollouts/<int:number>/actions/",
        rollouts.RolloutActions.as_view(),
        name="rollout-actions",
    ),
    path(f"{_ORGANIZATION}rollouts/<int:number>/review/", review.ReviewPage.as_view(), name="review"),
    path(
        f"{_ORGANIZATION}rollouts/<int:number>/object/", review.WholeObject.as_view(), name="rollout-object"
    ),
    path(
        f"{_ORGANIZATION}rollouts/<int:number>/<slug:name>/",
        actions.RolloutAct.as_view(),
        name="rollout-act",
    ),
    path(f"{_ORGANIZATION}approvals/", approvals.Inbox.as_view(), name="approvals"),
    path(f"{_ORGANIZATION}first/", first.First.as_view(), name="first"),
    path(
        f"{_ORGANIZATION}targets/<uuid:target>/lift-mark/",
        starting.LiftMark.as_view(),
        name="lift-mark",
    ),
    path(f"{_ORGANIZATION}applications/", applications.ApplicationList.as_view(), name="applications"),
    path(
        f"{_ORGANIZATION}applications/<slug:application>/",
        applications.ApplicationPage.as_view(),
        name="application",
    ),
    path(
        f"{_ORGANIZATION}applications/<slug:application>/history/",
        applications.ApplicationHistory.as_view(),
        name="application-history",
    ),
    path(
        f"{_ORGANIZATION}applications/<slug:application>/configuration/",
        applications.ApplicationConfiguration.as_view(),
        name="application-configuration",
    ),
    path(
        f"{_ORGANIZATION}applications/<slug:application>/start/",
        starting.StartRollout.as_view(),
        name="start",
    ),
    path(
        f"{_ORGANIZATION}applications/<slug:application>/releases/",
        applications.ApplicationReleases.as_view(),
        name="application-releases",
    ),
    path(
        f"{_ORGANIZATION}applications/<slug:application>/releases/<path:version>/",
        releases.ReleasePage.as_view(),
        name="release",
    ),
    path(
        f"{_ORGANIZATION}applications/<slug:application>/compare/",
        releases.Comparison.as_view(),
        name="compare-choose",
    ),
    path(
        f"{_ORGANIZATION}applications/<slug:application>/compare/<path:versions>/",
        releases.Comparison.as_view(),
        name="compare",
    ),
    path("", include("apps.dashboard.urls_places")),
]
