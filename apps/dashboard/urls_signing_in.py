"""Addresses of second factors, under allauth's names: its own pages and redirects look them up by these."""

from django.urls import path

from apps.dashboard.views import second_factor

urlpatterns = [
    path("", second_factor.SecondFactor.as_view(), name="mfa_index"),
    path("code/", second_factor.AskCode.as_view(), name="mfa_authenticate"),
    path("code/again/", second_factor.AskCodeAgain.as_view(), name="mfa_reauthenticate"),
    path("app/", second_factor.ActivateApp.as_view(), name="mfa_activate_totp"),
    path("app/remove/", second_factor.DeactivateApp.as_view(), name="mfa_deactivate_totp"),
    path("recovery-codes/", second_factor.RecoveryCodes.as_view(), name="mfa_view_recovery_codes"),
    path("recovery-codes/new/", second_factor.NewRecoveryCodes.as_view(), name="mfa_generate_recovery_codes"),
    path("passkeys/", second_factor.SecondFactor.as_view(), name="mfa_list_webauthn"),
    path("passkeys/add/", second_factor.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path("passkeys/<int:pk>/name/", second_factor.RenamePasskey.as_view(), name="mfa_edit_webauthn"),
    path("passkeys/<int:pk>/remove/", second_factor.RemovePasskey.as_view(), name="mfa_remove_webauthn"),
    path("passkeys/sign-in/", second_factor.SignInWithPasskey.as_view(), name="mfa_login_webauthn"),
    path("passkeys/again/", second_factor.AskPasskeyAgain.as_view(), name="mfa_reauthenticate_webauthn"),
]
