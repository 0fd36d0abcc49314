from django.urls import include, path

from apps.organizations.api import exports, ownership, people, records, teams, tokens, views

_inside = [
    path("", views.OrganizationDetail.as_view(), name="api-organization"),
    path("members/", people.MemberList.as_view(), name="api-members"),
    path("members/<uuid:member>/", people.MemberDetail.as_view(), name="api-member"),
    path(
        "members/<uuid:member>/suspension/", people.MemberSuspension.as_view(), name="api-member-suspension"
    ),
    path("members/leave/", people.Leaving.as_view(), name="api-leave"),
    path("members/service-accounts/", people.ServiceAccountList.as_view(), name="api-service-accounts"),
    path("members/ownership/", ownership.Ownership.as_view(), name="api-ownership"),
    path("members/ownership/accept/", ownership.OwnershipAcceptance.as_view(), name="api-ownership-accept"),
    path("teams/", teams.TeamList.as_view(), name="api-teams"),
    path("teams/<slug:team>/", teams.TeamDetail.as_view(), name="api-team"),
    path("teams/<slug:team>/members/", teams.TeamMembers.as_view(), name="api-team-members"),
    path(
        "teams/<slug:team>/members/<uuid:member>/",
        teams.TeamMemberDetail.as_view(),
        name="api-team-member",
    ),
    path("invitations/", people.InvitationList.as_view(), name="api-invitations"),
    path("invitations/<uuid:invitation>/", people.InvitationDetail.as_view(), name="api-invitation"),
    path("tokens/", tokens.TokenList.as_view(), name="api-tokens"),
    path("tokens/<uuid:token>/", tokens.TokenDetail.as_view(), name="api-token"),
    path("activity/", records.ActivityList.as_view(), name="api-activity"),
    path("audit/", records.AuditList.as_view(), name="api-audit"),
    path("audit/verify/", records.AuditVerification.as_view(), name="api-audit-verify"),
    path("audit/export/", exports.AuditExport.as_view(), name="api-audit-export"),
    path("audit/keys/", exports.AuditKeys.as_view(), name="api-audit-keys"),
]

urlpatterns = [
    path("organizations/", views.OrganizationList.as_view(), name="api-organizations"),
    path("organizations/<slug:organization>/", include(_inside)),
]
