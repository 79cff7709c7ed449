"""Questions to authors, and their answers, are in no export: they are no part of the response."""

import pytest

from submissions.responses import replying
from tests.asking import make_askable, make_asking_call, put_question
from tests.exports.exporting import SCOPES, exported
from tests.exports.what_files_hold import all_opened
from tests.makers import while_open

pytestmark = pytest.mark.django_db


def test_no_export_has_a_question_or_an_answer():
    """A test of the bundle sees that it has all that each format has alone."""
    call = make_asking_call()
    response = make_askable(call, publication="named")
    _asked, token = put_question(response, text="Who is zqasked2x?")
    replying.answer(call=call, token=token, text="It is zqanswered3x.", at=while_open(call))
    data = exported(call, "bundle", scope=SCOPES["everything"])
    pieces = b"\n".join(all_opened(data)).replace(b"\0", b"")
    assert [word in pieces for word in (b"zqasked2x", b"zqanswered3x")] == [False, False]
