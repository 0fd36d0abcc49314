from django.apps import AppConfig


class RolloutsConfig(AppConfig):
    name = "apps.rollouts"
    label = "rollouts"

    def ready(self) -> None:
        from apps.environments.registry import register_occupants
        from apps.rollouts.selectors import under_way_at

        register_occupants("rollouts", under_way_at)
