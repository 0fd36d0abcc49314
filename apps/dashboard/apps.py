from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "apps.dashboard"
    label = "dashboard"

    def ready(self) -> None:
        from apps.dashboard.pushing import organization_fragments, rollout_fragments
        from apps.live.registry import register_renderer

        register_renderer("rollout", rollout_fragments)
        register_renderer("organization", organization_fragments)
