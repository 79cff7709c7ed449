"""What a call asks stands in its definition; the code knows no call."""

import re

OF_THE_FIRST_CALL = re.compile(
    r"\b(ncvo|acevo|lloyds|income_bands?|ncvo_band|small_and_medium|service_areas?|org_type)\b",
    re.I,
)
APPS = (
    "core",
    "accounts",
    "submissions",
    "review",
    "exports",
    "evidence_portal",
    "devserver",
    "templates",
    "static",
)


def test_no_code_knows_what_the_first_call_asks(request):
    files = [
        path
        for app in APPS
        for path in (request.config.rootpath / app).rglob("*")
        if path.suffix in {".py", ".html", ".txt", ".typ", ".css", ".js"}
    ]
    assert {path.relative_to(request.config.rootpath).parts[0] for path in files} == {*APPS}
    found = {str(path): set(OF_THE_FIRST_CALL.findall(path.read_text("utf-8"))) for path in files}
    assert {path: words for path, words in found.items() if words} == {}
