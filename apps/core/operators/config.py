from django.contrib.admin.apps import AdminConfig


class OperatorConfig(AdminConfig):
    default_site = "apps.core.operators.site.OperatorSite"
