from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "apps.approvals"
    label = "approvals"

    def ready(self) -> None:
        from apps.approvals.gates import approval_gate, hours_gate
        from apps.approvals.separation import why_not_approve
        from apps.rollouts.registry import register_gate_source, register_why_not_approve

        register_gate_source("approvals", approval_gate)
        register_gate_source("hours", hours_gate)
        register_why_not_approve("approvals", why_not_approve)
