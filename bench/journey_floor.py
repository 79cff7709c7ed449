"""The floor of bench.journey: a bare Django with a new project's middleware, and nothing else.

It answers `/` with one row by one query, `/form/<n>/` with a plain form of n text fields (or,
`/form/<n>/?choices=m`, of radios with m options each), and `/insert/` with one insert.
"""

import os
from urllib.parse import parse_qsl, urlsplit

import django
from django import forms
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection, models
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import Client
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from bench.cpu import cpu_of

_database = urlsplit(os.environ["DATABASE_URL"])
settings.configure(
    SECRET_KEY="of-the-benchmark-only",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": _database.path.lstrip("/"),
            "USER": _database.username,
            "HOST": dict(parse_qsl(_database.query))["host"],
            "CONN_MAX_AGE": 60,
        }
    },
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    USE_TZ=True,
    LOGGING_CONFIG=None,
)
django.setup()

ROW = engines["django"].from_string("<!doctype html><title>{{ row.title }}</title>{{ row.text }}")
FORM = engines["django"].from_string(
    '<!doctype html><title>Form</title><form method="post">{% csrf_token %}{{ form }}</form>'
)


class Row(models.Model):
    title = models.CharField(max_length=200)
    text = models.TextField()

    class Meta:
        app_label = "floor"

    def __str__(self) -> str:
        return self.title


def one_query(request: HttpRequest) -> HttpResponse:
    return HttpResponse(ROW.render({"row": Row.objects.get(pk=1)}, request))


def form(request: HttpRequest, fields: int) -> HttpResponse:
    options = [(str(n), f"Option {n}") for n in range(int(request.GET.get("choices", 0)))]
    made = {
        f"field_{n}": forms.ChoiceField(
            label=f"Question {n}", choices=options, widget=forms.RadioSelect
        )
        if options
        else forms.CharField(label=f"Question {n}", help_text="A hint.")
        for n in range(fields)
    }
    return HttpResponse(FORM.render({"form": type("Form", (forms.Form,), made)()}, request))


@csrf_exempt
def insert(request: HttpRequest) -> HttpResponse:
    Row.objects.create(title="Inserted", text=request.POST.get("text", ""))
    return HttpResponse("done")


urlpatterns = [path("", one_query), path("form/<int:fields>/", form), path("insert/", insert)]
application = get_wsgi_application()


def make_table() -> None:
    with connection.schema_editor() as editor:
        editor.create_model(Row)
    Row.objects.create(pk=None, title="A call", text="Words. " * 300)


def turn(fields: str) -> dict[str, float]:
    """Return the CPU milliseconds of each of the floor's pages."""
    client = Client()
    return {
        "query": cpu_of(client, "/", 400),
        "form": cpu_of(client, f"/form/{fields}/", 400),
        "choices": cpu_of(client, f"/form/{fields}/?choices=4", 400),
    }
