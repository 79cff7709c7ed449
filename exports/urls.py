from django.urls import path

from exports.api import views as api
from exports.steering import choosing, downloads, overview, questions, runs, tokens

urlpatterns = [
    path("steering/", overview.calls, name="steering"),
    path("steering/<slug:slug>/", overview.overview, name="steering_call"),
    path("steering/<slug:slug>/counts/", questions.question_counts, name="question_counts"),
    path("steering/<slug:slug>/export.csv", downloads.export_csv, name="export_csv"),
    path(
        "steering/<slug:slug>/dictionary.csv", downloads.export_dictionary, name="export_dictionary"
    ),
    path("steering/<slug:slug>/exports/", choosing.choose, name="exports"),
    path("steering/<slug:slug>/tokens/", tokens.tokens_page, name="tokens"),
    path("steering/<slug:slug>/tokens/<int:pk>/revoke/", tokens.revoke, name="revoke_token"),
    path(
        "steering/<slug:slug>/exports/<uuid:public_id>/",
        runs.run_page,
        name="export_run",
    ),
    path(
        "steering/<slug:slug>/exports/<uuid:public_id>/progress/",
        runs.run_progress,
        name="export_progress",
    ),
    path(
        "steering/<slug:slug>/exports/<uuid:public_id>/file/",
        runs.run_file,
        name="export_file",
    ),
    path(
        "steering/<slug:slug>/exports/<uuid:public_id>/cancel/",
        runs.cancel_run,
        name="export_cancel",
    ),
    path("api/v1/openapi.json", api.openapi, name="api_document"),
    path("api/v1/calls/<slug:slug>/responses", api.responses, name="api_responses"),
    path("api/<path:rest>", api.nothing_here, name="api_nothing"),
]
