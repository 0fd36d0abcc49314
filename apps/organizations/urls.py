from django.urls import path

from apps.organizations.api import views

urlpatterns = [
    path("organizations/", views.OrganizationList.as_view(), name="api-organizations"),
    path("organizations/<slug:organization>/members/", views.MemberList.as_view(), name="api-members"),
    path(
        "organizations/<slug:organization>/invitations/",
        views.InvitationList.as_view(),
        name="api-invitations",
    ),
    path("organizations/<slug:organization>/tokens/", views.TokenList.as_view(), name="api-tokens"),
    path(
        "organizations/<slug:organization>/tokens/<uuid:token>/",
        views.TokenDetail.as_view(),
        name="api-token",
    ),
    path("organizations/<slug:organization>/activity/", views.ActivityList.as_view(), name="api-activity"),
    path("organizations/<slug:organization>/audit/", views.AuditList.as_view(), name="api-audit"),
    path(
        "organizations/<slug:organization>/audit/verify/",
        views.AuditVerification.as_view(),
        name="api-audit-verify",
    ),
]
