"""Whatever is in a file, it is read or refused in words, and planned for or refused."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from review.coding.codebook_files.contents import FileBook
from review.coding.codebook_files.file_kinds import read_codebook
from review.coding.codebook_files.planning import plan
from review.errors import CodingRefused
from tests.makers import make_call, make_code
from tests.review.codebook_files import samples
from tests.review.codebook_files.samples import qdc

OURS = "guid,parent,name,definition,use when,example,colour,line,retired\n"
FILES = (
    samples.QUALCODER,
    samples.QUALCODER_TEXT.encode(),
    samples.TAGUETTE,
    samples.TAGUETTE_CSV.encode(),
    samples.ATLAS_TI,
    f"{OURS},,Money,What,When,Such,#0b5a9c,Dots,no\n,Money,Rent,,,,,,yes\n".encode(),
    qdc("<Code name='A' color='#fff'><Description>Use when:\nx</Description></Code>"),
)
CUTS = (
    "",
    "\0",
    ",",
    '"',
    "'=",
    "\n",
    "\r",
    ">>",
    ".",
    "<",
    "&#1;",
    "&#xD800;",
    "é",
    "\ud83d\ude00",
)
NAMES = st.sampled_from(["c.csv", "c.qdc", "c.txt", "c", "c.TSV"])


@st.composite
def spoilt(draw):
    """A file in which some parts were cut out, and others put in."""
    content = draw(st.sampled_from(FILES))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 9)))
        put_in = draw(st.sampled_from(CUTS)).encode("utf-8", "surrogatepass")
        content = content[:start] + draw(st.sampled_from([put_in, b"\xff"])) + content[end:]
    return content


@pytest.mark.django_db
@given(NAMES, spoilt() | st.binary(max_size=60))
@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_file_breaks_the_reading_or_the_plan(codebook, name, content):
    try:
        book = read_codebook(name, content)
    except CodingRefused:
        return
    assert isinstance(book, FileBook)
    found = plan(codebook, book)
    assert len(found.etag) == 12
    names = [one.name.casefold() for one in found.added if one.name]
    assert len(set(names)) == len(names)


@pytest.fixture
def codebook(db):
    call = make_call()
    money = make_code(call=call, name="Money")
    make_code(call=call, name="Rent", parent=money)
    return call
