"""The name of a file, from the bytes that a browser sends to what a page may show."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from core.upload_names import UploadNamesMiddleware

BODY = (
    b"--cut\r\n"
    b'Content-Disposition: form-data; name="documents"; filename="%b"\r\n'
    b"Content-Type: text/plain\r\n\r\nMinutes%b\r\n--cut--\r\n"
)


def received(name, contents=b""):
    """The names of the files of a request, as a view finds them."""
    found = []

    def view(request):
        for file in request.FILES.getlist("documents"):
            found.append(file.name)
            file.close()
        return HttpResponse()

    request = RequestFactory().generic(
        "POST",
        "/",
        BODY % (name.encode(), contents),
        content_type="multipart/form-data; boundary=cut",
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
        ("a&amp;b.txt", "a&amp;b.txt"),
        ("a&sol;b&#0;&period;.txt", "a&sol;b&#0;&period;.txt"),
        ("nul\0 and bell\a.txt", "nul and bell.txt"),
    ],
)
def test_name_arrives_with_its_joiners_and_without_folders(sent, name):
    assert received(sent) == [name]


@pytest.mark.parametrize("sent", ["", "..", "a/", "\0", ".\a."])
def test_part_without_a_name_is_no_file(sent):
    assert received(sent) == []


@pytest.mark.parametrize("contents", [b"", b" " * 1_100_000], ids=["small", "large"])
def test_name_whose_ending_is_longer_than_a_file_name_may_be_is_cut(contents):
    assert received("1." + "ب" * 150, contents) == ["1." + "ب" * 50]
    assert received("ب" * 200, contents) == ["ب" * 200]
