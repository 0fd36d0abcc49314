from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "apps.approvals"
    label = "approvals"

    def ready(self) -> None:
        from apps.approvals.services import approval_gate
        from apps.rollouts.registry import register_gate_source

        register_gate_source("approvals", approval_gate)
