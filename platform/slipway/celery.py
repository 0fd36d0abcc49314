"""The Celery application. Imported by workers through `-A slipway` and by web processes through apps.core.apps."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "slipway.settings.embedded")

app = Celery("slipway")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
