from django.apps import AppConfig


class SubmissionsConfig(AppConfig):
    name = "submissions"
    verbose_name = "Calls for evidence"
    default_auto_field = "django.db.models.BigAutoField"
