from django.urls import path

from submissions.views import (
    calls,
    checking,
    files,
    health,
    sections,
    sign_in,
    statements,
    steering,
    task_list,
)

urlpatterns = [
    path("", calls.home, name="home"),
    path("calls/<slug:slug>/", calls.call_page, name="call"),
    path("calls/<slug:slug>/accent.css", calls.accent_stylesheet, name="accent"),
    path("calls/<slug:slug>/questions/", calls.all_questions, name="questions"),
    path("calls/<slug:slug>/start/", calls.start, name="start"),
    path("calls/<slug:slug>/response/", task_list.task_list, name="response"),
    path("calls/<slug:slug>/response/check/", checking.check, name="check"),
    path("calls/<slug:slug>/response/submitted/", checking.submitted, name="submitted"),
    path("calls/<slug:slug>/response/text/", task_list.working_text, name="response_text"),
    path("calls/<slug:slug>/response/help/<slug:key>/", task_list.help_page, name="response_help"),
    path("calls/<slug:slug>/response/files/<uuid:public_id>/", files.own_file, name="own_file"),
    path("calls/<slug:slug>/response/<slug:section>/", sections.section, name="section"),
    path("privacy/", statements.privacy, name="privacy"),
    path("accessibility/", statements.accessibility, name="accessibility"),
    path("cookies/", statements.cookies, name="cookies"),
    path("steering/", steering.overview, name="steering"),
    path("steering/sign-in/", sign_in.SignIn.as_view(), name="sign_in"),
    path("steering/sign-out/", sign_in.SignOut.as_view(), name="sign_out"),
    path("steering/<slug:slug>/", steering.overview, name="steering_call"),
    path("steering/<slug:slug>/export.csv", steering.export_csv, name="export_csv"),
    path(
        "steering/<slug:slug>/dictionary.csv", steering.export_dictionary, name="export_dictionary"
    ),
    path("healthz/", health.lives, name="healthz"),
    path("readyz/", health.ready, name="readyz"),
]
