"""Which models have pages in the admin."""

from django.contrib import admin


def test_only_apps_of_the_portal_have_admin_pages():
    labels = {model._meta.app_label for model in admin.site._registry}
    assert labels == {"accounts", "exports", "retention", "review", "submissions"}
