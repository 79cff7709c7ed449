from django.apps import AppConfig
from django.core.checks import Tags, register

from core.checks import (
    check_bucket,
    check_letters,
    check_mail,
    check_postgres,
    check_roles,
    check_schema,
    check_time_outs,
)


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = "Core"

    def ready(self) -> None:
        register(check_schema, Tags.database)
        register(check_roles, Tags.database, deploy=True)
        register(check_time_outs, Tags.database, deploy=True)
        register(check_bucket, Tags.files, deploy=True)
        register(check_postgres, Tags.database, deploy=True)
        register(check_letters, Tags.database, deploy=True)
        register(check_mail, Tags.security, deploy=True)
