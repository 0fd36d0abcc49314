from django.urls import include, path

from apps.organizations.api import exports, people, records, tokens, views

_inside = [
    path("", views.OrganizationDetail.as_view(), name="api-organization"),
    path("members/", people.MemberList.as_view(), name="api-members"),
    path("members/<uuid:member>/", people.MemberDetail.as_view(), name="api-member"),
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
