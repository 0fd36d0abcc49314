"""Addresses of environments, clusters, settings and one's own account."""

from django.urls import path

from apps.dashboard.views import account, address, clusters, environments, sso
from apps.dashboard.views.settings import clusters as cluster_settings
from apps.dashboard.views.settings import (
    connections,
    membership,
    organization,
    people,
    second_factor,
    teams,
    tokens,
)
from apps.dashboard.views.settings import environments as environment_settings

_ORGANIZATION = "o/<slug:organization>/"
_SETTINGS = f"{_ORGANIZATION}settings/"

urlpatterns = [
    path("sso/", sso.choose_organization, name="sso-choose"),
    path("sso/<slug:sign_in>/", sso.single_sign_on, name="sso"),
    path("sso/<slug:organization>/break-glass/", sso.break_the_glass, name="break-glass"),
    path("accounts/oidc/<slug:provider_id>/login/callback/", sso.callback, name="openid_connect_callback"),
    path(f"{_SETTINGS}connections/", connections.Connections.as_view(), name="settings-connections"),
    path(
        f"{_SETTINGS}connections/new/",
        connections.NewConnection.as_view(),
        name="settings-connection-new",
    ),
    path(
        f"{_SETTINGS}connections/<uuid:connection>/",
        connections.ConnectionPage.as_view(),
        name="settings-connection",
    ),
    path(
        f"{_SETTINGS}connections/<uuid:connection>/test/",
        connections.TestConnection.as_view(),
        name="settings-connection-test",
    ),
    path(f"{_ORGANIZATION}environments/", environments.EnvironmentList.as_view(), name="environments"),
    path(
        f"{_ORGANIZATION}environments/<slug:environment>/",
        environments.EnvironmentPage.as_view(),
        name="environment",
    ),
    path(f"{_ORGANIZATION}clusters/", clusters.ClusterList.as_view(), name="clusters"),
    path(f"{_ORGANIZATION}clusters/<slug:cluster>/", clusters.ClusterPage.as_view(), name="cluster"),
    path(
        f"{_ORGANIZATION}clusters/<slug:cluster>/check/",
        clusters.ClusterCheck.as_view(),
        name="cluster-check",
    ),
    path(
        f"{_ORGANIZATION}clusters/<slug:cluster>/capacity/",
        clusters.ClusterCapacity.as_view(),
        name="cluster-capacity",
    ),
    path(_SETTINGS, organization.Settings.as_view(), name="settings"),
    path(
        f"{_SETTINGS}organization/",
        organization.OrganizationSettings.as_view(),
        name="settings-organization",
    ),
    path(
        f"{_SETTINGS}second-factor/",
        second_factor.SecondFactorSettings.as_view(),
        name="settings-second-factor",
    ),
    path(f"{_SETTINGS}people/", people.People.as_view(), name="settings-people"),
    path(
        f"{_SETTINGS}people/service-account/",
        people.NewServiceAccount.as_view(),
        name="settings-service-account-new",
    ),
    path(f"{_SETTINGS}teams/", teams.Teams.as_view(), name="settings-teams"),
    path(f"{_SETTINGS}teams/<slug:team>/", teams.OneTeam.as_view(), name="settings-team"),
    path(f"{_SETTINGS}membership/", membership.OwnMembership.as_view(), name="settings-membership"),
    path(f"{_SETTINGS}people/<uuid:member>/", people.Person.as_view(), name="settings-person"),
    path(
        f"{_SETTINGS}invitations/<uuid:invitation>/withdraw/",
        people.Withdraw.as_view(),
        name="settings-withdraw",
    ),
    path(f"{_SETTINGS}tokens/", tokens.Tokens.as_view(), name="settings-tokens"),
    path(f"{_SETTINGS}tokens/days/", tokens.TokenDays.as_view(), name="settings-token-days"),
    path(f"{_SETTINGS}tokens/<uuid:token>/revoke/", tokens.Revoke.as_view(), name="settings-revoke"),
    path(
        f"{_SETTINGS}environments/",
        environment_settings.EnvironmentSettings.as_view(),
        name="settings-environments",
    ),
    path(
        f"{_SETTINGS}environments/new/",
        environment_settings.NewEnvironment.as_view(),
        name="settings-environment-new",
    ),
    path(
        f"{_SETTINGS}environments/edit/<slug:environment>/",
        environment_settings.EditEnvironment.as_view(),
        name="settings-environment",
    ),
    path(f"{_SETTINGS}clusters/", cluster_settings.ClusterSettings.as_view(), name="settings-clusters"),
    path(f"{_SETTINGS}clusters/new/", cluster_settings.NewCluster.as_view(), name="settings-cluster-new"),
    path(
        f"{_SETTINGS}clusters/edit/<slug:cluster>/",
        cluster_settings.EditCluster.as_view(),
        name="settings-cluster",
    ),
    path("account/", account.Account.as_view(), name="account"),
    path("account/address/", address.ChangeAddress.as_view(), name="account-address"),
    path("account/address/<str:key>/", address.ConfirmAddress.as_view(), name="account-address-confirm"),
    path("account/password/", account.ChangePassword.as_view(), name="account-password"),
    path("account/sessions/<int:session>/end/", account.EndSession.as_view(), name="account-end-session"),
    path(
        "account/sessions/end-others/", account.EndOtherSessions.as_view(), name="account-end-other-sessions"
    ),
]
