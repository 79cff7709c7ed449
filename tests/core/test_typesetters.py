"""PDFs that other processes make."""

import io
import subprocess
import time

import pypdf
import pytest

from core import typesetters, typesetting_process
from core.typesetters import Typesetters, TypesettingFailed, processes_for
from core.typesetting import pdf

TEMPLATE = """
#set document(title: "A title")
#set text(font: "Noto Sans", lang: "en")
#let data = json(bytes(sys.inputs.data))
#for one in data.texts [#par(one)]
"""
# Words that take a second and more, and words that take no time.
LONG = {"texts": [f"Paragraph {n} of a long document." for n in range(3_000)]}


def words(data):
    return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)


def test_pdfs_come_in_their_order_and_are_those_that_one_process_makes():
    asked = [LONG, *({"texts": [f"Number {n}"]} for n in range(5))]
    with Typesetters(TEMPLATE, number=2) as made_by:
        made = list(made_by.pdfs(iter(asked), seconds=7))
    assert made == [pdf(TEMPLATE, data, seconds=7) for data in asked]


def test_next_document_is_asked_for_before_the_first_one_is_handed_over():
    asked = []

    def documents():
        for n in range(4):
            asked.append(n)
            yield {"texts": [f"Number {n}"]}

    with Typesetters(TEMPLATE, number=2) as made_by:
        pdfs = made_by.pdfs(documents(), seconds=7)
        assert words(next(pdfs)).strip() == "Number 0"
        assert asked == [0, 1, 2]


def test_processes_are_gone_after_the_block_whatever_happened():
    def documents():
        yield LONG
        raise ZeroDivisionError

    made_by = Typesetters(TEMPLATE, number=2)
    with pytest.raises(ZeroDivisionError), made_by:
        list(made_by.pdfs(documents(), seconds=7))
    assert [process.poll() is None for process in made_by._processes] == [False, False]


def test_what_cannot_be_made_is_said_in_its_place_and_the_next_are_made():
    asked = [{"texts": ["One"]}, {"no": "texts"}, {"texts": ["Three"]}]
    with Typesetters(TEMPLATE, number=1) as made_by:
        process = made_by._processes[0]
        first, failed, third = made_by.pdfs(asked, seconds=7)
        assert isinstance(failed, TypesettingFailed)
        assert str(failed).startswith("TypstError")
        assert (words(first).strip(), words(third).strip()) == ("One", "Three")
        assert made_by._processes == [process]


def test_another_process_begins_where_one_ended():
    def documents():
        made_by._processes[0].kill()
        made_by._processes[0].wait()
        yield {"texts": ["One"]}
        yield {"texts": ["Two"]}

    with Typesetters(TEMPLATE, number=1) as made_by:
        lost, second = made_by.pdfs(documents(), seconds=7)
        assert len(made_by._processes) == 1
    assert isinstance(lost, TypesettingFailed)
    assert str(lost) == "its process ended"
    assert words(second).strip() == "Two"


def test_waiting_tells_that_it_goes_on_and_can_be_stopped(monkeypatch):
    class Stopped(Exception):
        pass

    def stop():
        raise Stopped

    monkeypatch.setattr(typesetters, "LOOK", 0.01)
    began = time.monotonic()
    with (
        pytest.raises(Stopped),
        Typesetters(TEMPLATE, number=1, meanwhile=stop) as made_by,
    ):
        list(made_by.pdfs([LONG], seconds=7))
    assert time.monotonic() - began < 60


def test_process_ends_with_its_input():
    done = subprocess.run(
        typesetters.PROGRAM, input=b"", capture_output=True, cwd=typesetters.ROOT, check=False
    )
    assert (done.returncode, done.stdout) == (0, b"")


def test_message_that_breaks_off_is_none():
    pipe = io.BytesIO()
    typesetting_process.send(pipe, b"whole")
    typesetting_process.send(pipe, b"broken")
    pipe = io.BytesIO(pipe.getvalue()[:-1])
    assert typesetting_process.receive(pipe) == b"whole"
    assert typesetting_process.receive(pipe) is None


@pytest.mark.parametrize(
    ("documents", "cores", "number"), [(0, 8, 1), (1, 8, 1), (9, 8, 2), (9, 1, 1)]
)
def test_number_of_processes_follows_documents_and_cores(documents, cores, number, monkeypatch):
    monkeypatch.setattr(typesetters.os, "cpu_count", lambda: cores)
    assert processes_for(documents) == number
