from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "apps.core"
    label = "core"

    def ready(self) -> None:
        # Makes it the current Celery application of this process, so that tasks are sent to its broker.
        import slipway.celery  # noqa: F401
