from django.contrib import admin
from django.urls import include, path

from evidence_portal import health_pages, metrics_page
from evidence_portal.security_txt import security_txt

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("submissions.urls")),
    path("", include("accounts.urls")),
    path("", include("exports.urls")),
    path(".well-known/security.txt", security_txt, name="security_txt"),
    path("healthz/", health_pages.lives, name="healthz"),
    path("metrics/", metrics_page.metrics, name="metrics"),
    path("readyz/", health_pages.ready, name="readyz"),
]
handler400 = "evidence_portal.error_pages.bad_request"
handler403 = "evidence_portal.error_pages.forbidden"
handler404 = "evidence_portal.error_pages.not_found"
handler500 = "evidence_portal.error_pages.server_error"
