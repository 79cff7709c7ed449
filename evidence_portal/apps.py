import gc

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.apps import AdminConfig

from core.form_words import say_what_to_do

# These packages' own pages show what nobody is to see or change here, such as secrets of codes.
WITHOUT_ADMIN_PAGES = ("account", "mfa", "socialaccount")


class PortalAdminConfig(AdminConfig):
    default_site = "evidence_portal.admin_site.PortalAdminSite"

    def ready(self) -> None:
        """Take pages away once all apps have registered theirs, in whatever order they stand."""
        say_what_to_do()  # before any form is made
        super().ready()
        for label in WITHOUT_ADMIN_PAGES:
            for model in apps.get_app_config(label).get_models():
                if admin.site.is_registered(model):
                    admin.site.unregister(model)
        # What is loaded by now stays. It is looked through no more, and shared by what is forked.
        gc.freeze()
        gc.enable()
