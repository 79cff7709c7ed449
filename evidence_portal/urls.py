from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("submissions.urls")),
]
handler400 = "submissions.views.refusals.bad_request"
handler403 = "submissions.views.refusals.forbidden"
handler404 = "submissions.views.refusals.not_found"
handler500 = "submissions.views.refusals.server_error"
