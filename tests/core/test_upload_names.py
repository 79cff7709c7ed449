"""The name of a file, from the bytes that a browser sends to what a page may show."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from core.upload_names import UploadNamesMiddleware

BODY = (
    b"--cut\r\n"
    b'Content-Disposition: form-data; name="documents"; filename="%b"\r\n'
    b"Content-Type: text/plain\r\n\r\nMinutes\r\n--cut--\r\n"
)


def received(name):
    """The names of the files of a request, as a view finds them."""
    found = []

    def view(request):
        found.extend(file.name for file in request.FILES.getlist("documents"))
        return HttpResponse()

    request = RequestFactory().generic(
        "POST", "/", BODY % name.encode(), content_type="multipart/form-data; boundary=cut"
    )
    UploadNamesMiddleware(view)(request)
    return found


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("نامه\u200cای.txt", "نامه\u200cای.txt"),
        ("👩\u200d👧.txt", "👩\u200d👧.txt"),
        ("../a\u200db/c\u200dd.txt", "c\u200dd.txt"),
        ("re\u202ecod\u200c.txt", "recod\u200c.txt"),
        ("Q1\\Q2.txt", "Q1\\Q2.txt"),
        ("C:\\Users\\jo\\plan.txt", "plan.txt"),
        ("minutes.", "minutes."),
        ("%22Fair%22.txt", "%22Fair%22.txt"),
    ],
)
def test_name_arrives_with_its_joiners_and_without_folders(sent, name):
    assert received(sent) == [name]


@pytest.mark.parametrize("sent", ["", "..", "a/"])
def test_part_without_a_name_is_no_file(sent):
    assert received(sent) == []
