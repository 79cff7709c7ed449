"""Each kind of question as a person meets it: label, hint, error, and the ids between them."""

import pytest
from django.utils.html import escape

from tests.makers import make_attachment, make_call, make_draft
from tests.submissions.respondent.forms.drawing import (
    FOCUSABLE,
    described,
    drawn,
    form_of,
    judge,
    page_of,
)

pytestmark = pytest.mark.django_db


def legend_of(page, key):
    return page.by_id(f"question-{key}").find("legend")[0].text


def test_short_text_has_label_value_and_condition():
    form = form_of(make_call(), answers={"role_other": 'a "quoted" <word>'})
    page = page_of(form)
    field = page.by_id("id_role_other")
    assert field.attrs["name"] == "role_other"
    assert field.attrs["type"] == "text"
    assert field.attrs["value"] == 'a "quoted" <word>'
    [label] = page.find("label", for_="id_role_other")
    assert label.text == "Describe your role"
    assert described(page, field) == ["Answer this only if you ticked “Something else”."]
    assert "<word>" not in drawn(form)


def test_email_has_the_keyboard_and_the_autocomplete_of_an_address():
    page = page_of(form_of(make_call()))
    field = page.by_id("id_email")
    wanted = {
        "type": "email",
        "name": "email",
        "autocomplete": "email",
        "inputmode": "email",
        "spellcheck": "false",
        "autocapitalize": "none",
    }
    assert wanted.items() <= field.attrs.items()
    assert described(page, field) == ["For your receipt."]


def test_name_and_organisation_have_autocomplete_tokens():
    questions = [
        {"key": "name", "kind": "short", "label": "Your name"},
        {"key": "org_name", "kind": "short", "label": "Organisation"},
        {"key": "town", "kind": "short", "label": "Town"},
    ]
    page = page_of(form_of(make_call(about_questions=questions)))
    tokens = {e.attrs["name"]: e.attrs.get("autocomplete") for e in page.find("input", type="text")}
    assert tokens == {"name": "name", "org_name": "organization", "town": None}


def test_radios_stand_in_a_fieldset_and_the_first_has_the_questions_id():
    page = page_of(form_of(make_call(), answers={"age": "child"}))
    radios = page.by_id("question-age").find("input", type="radio")
    assert [(r.attrs["id"], r.attrs["name"], r.attrs["value"]) for r in radios] == [
        ("id_age", "age", "adult"),
        ("id_age-2", "age", "child"),
    ]
    assert ["checked" in r.attrs for r in radios] == [False, True]
    assert legend_of(page, "age") == "How old are you?"
    assert [page.find("label", for_=r.attrs["id"])[0].text for r in radios] == [
        "18 or over",
        "Under 16",
    ]


def test_roles_are_checkboxes_of_the_calls_roles():
    page = page_of(form_of(make_call(), answers={"roles": ["commissioner"]}))
    boxes = page.by_id("question-roles").find("input", type="checkbox")
    assert {b.attrs["value"]: "checked" in b.attrs for b in boxes} == {
        "provider": False,
        "commissioner": True,
        "other": False,
    }


def test_exclusive_option_comes_after_a_divider():
    page = page_of(form_of(make_call(), "evidence"))
    question = page.by_id("question-history")
    boxes = question.find("input")
    assert [b.attrs["value"] for b in boxes if "data-exclusive" in b.attrs] == ["none"]
    assert [p.text for p in question.find("p", class_="or")] == ["or"]
    assert described(page, boxes[1]) == ["Of two or more."]


def test_matrix_is_a_fieldset_of_radios_for_each_row():
    page = page_of(form_of(make_call(), "evidence", answers={"fairness": {"risk": "good"}}))
    question = page.by_id("question-fairness")
    assert legend_of(page, "fairness") == "How fair was each of these? (optional)"
    rows = question.find("fieldset", class_="row")
    assert [row.find("legend")[0].text for row in rows] == ["Split of money", "Split of risk"]
    names = [{radio.attrs["name"] for radio in row.find("input")} for row in rows]
    assert names == [{"fairness_money"}, {"fairness_risk"}]
    [chosen] = [r for r in question.find("input") if "checked" in r.attrs]
    assert (chosen.attrs["name"], chosen.attrs["value"]) == ("fairness_risk", "good")


def test_long_text_says_its_limit_and_never_stops_typing():
    page = page_of(form_of(make_call(), "evidence", answers={"story": "\nFirst line\n</textarea>"}))
    area = page.by_id("id_story")
    assert area.attrs["data-words"] == "1000"
    assert "maxlength" not in area.attrs
    assert described(page, area) == ["You can write up to 1,000 words."]
    # HTML drops one line feed after <textarea>, so that the text's own first one stays.
    assert "".join(area.words) == "\n\nFirst line\n</textarea>"


def test_single_checkbox_is_labelled_by_its_statement():
    page = page_of(form_of(make_call(), "evidence", answers={"declaration": True}))
    box = page.by_id("id_declaration")
    assert (box.attrs["type"], "checked" in box.attrs) == ("checkbox", True)
    [label] = page.find("label", for_="id_declaration")
    assert label.text == "I may submit this response"


def test_files_have_their_rules_and_those_there_can_be_removed():
    call = make_call()
    draft = make_draft(call)
    attachment = make_attachment(draft, name="<b>minutes</b>.txt")
    form = form_of(
        call,
        "evidence",
        attachments={"documents": [attachment]},
        file_url=lambda file: f"/files/{file.public_id}",
    )
    page = page_of(form)
    question = page.by_id("question-documents")
    field = page.by_id("id_documents")
    assert {"type": "file", "name": "documents"}.items() <= field.attrs.items()
    assert "multiple" in field.attrs
    assert [part for part in field.attrs["accept"].split(",") if part.startswith(".")] == [
        ".pdf",
        ".docx",
        ".odt",
        ".txt",
    ]
    assert described(page, field) == [
        "You can add up to 3 files. Each must be a PDF, DOCX, ODT or TXT file. "
        "Each can be up to 10 MB."
    ]
    [link] = question.find("a")
    assert (link.attrs["href"], link.text) == (
        f"/files/{attachment.public_id}",
        "<b>minutes</b>.txt",
    )
    [remove] = question.find("button", name="_remove")
    assert remove.attrs["value"] == str(attachment.public_id)
    assert remove.text == "Remove <b>minutes</b>.txt"


@pytest.mark.parametrize("section", ["about", "evidence"])
def test_enter_key_presses_neither_clear_nor_upload_nor_remove(section):
    first = page_of(form_of(make_call(), section)).find("button")[0]
    assert "name" not in first.attrs
    assert first.attrs["tabindex"] == "-1"


def test_nothing_is_required_by_the_browser():
    call = make_call()
    pages = [page_of(form_of(call, section)) for section in ("about", "evidence")]
    controls = [e for page in pages for e in page.find() if e.tag in FOCUSABLE]
    assert len(controls) > 20
    assert [e for e in controls if {"required", "maxlength", "pattern"} & e.attrs.keys()] == []


def test_errors_are_said_beside_the_answer_and_described_with_it():
    call = make_call()
    form = form_of(call, posted="email=nowhere")
    judge(form)
    page = page_of(form)
    message = "Error: Enter an email address in the correct format, like name@example.com"
    field = page.by_id("id_email")
    assert described(page, field) == ["For your receipt.", message]
    assert field.attrs["aria-invalid"] == "true"
    assert field.attrs["value"] == "nowhere"
    [fieldset] = page.by_id("question-age").find("fieldset")
    assert described(page, fieldset) == ["Error: Select how old you are"]


def test_fault_of_a_matrix_row_is_said_at_the_row():
    questions = [
        {
            "key": "fairness",
            "kind": "matrix",
            "label": "How fair?",
            "required": True,
            "rows": [{"key": "money", "label": "Money"}, {"key": "risk", "label": "Risk"}],
            "options": [{"key": "poor", "label": "Poor"}, {"key": "good", "label": "Good"}],
        }
    ]
    form = form_of(
        make_call(evidence_questions=questions), "evidence", posted="fairness_money=good"
    )
    judge(form)
    assert form.error_summary == [("Select an answer for “Risk”", "id_fairness-risk")]
    page = page_of(form)
    _whole, money, risk = page.find("fieldset")
    assert described(page, money) == []
    assert described(page, risk) == ["Error: Select an answer for “Risk”"]


def test_over_long_text_is_kept_whole_beside_its_error():
    words = "word " * 1001
    form = form_of(make_call(), "evidence", posted={"story": words})
    assert form.is_valid()
    judge(form)
    page = page_of(form)
    assert form.error_summary[0] == (
        "“What happened?” must be 1,000 words or fewer. It has 1,001. "
        "Everything that you wrote is kept",
        "id_story",
    )
    assert "".join(page.by_id("id_story").words) == "\n" + words


def test_warning_is_said_and_stands_in_nobodys_way():
    questions = [
        {
            "key": "charity_number",
            "kind": "short",
            "label": "Charity number",
            "warn_unless": "[0-9]{6,7}",
            "warning": "This does not look like a charity number.",
        }
    ]
    form = form_of(make_call(about_questions=questions), posted="charity_number=12")
    assert form.is_valid()
    judge(form)
    assert form.error_summary == []
    page = page_of(form)
    assert described(page, page.by_id("id_charity_number")) == [
        "This does not look like a charity number."
    ]


def test_words_of_a_call_cannot_become_markup():
    nasty = "<script>alert(1)</script>"
    questions = [
        {"key": "q", "kind": "short", "label": nasty, "hint": nasty},
        {
            "key": "r",
            "kind": "radio",
            "label": nasty,
            "options": [{"key": "a", "label": nasty, "hint": nasty}],
        },
    ]
    html = drawn(form_of(make_call(about_questions=questions)))
    assert html.count(escape(nasty)) == 6
    assert nasty not in html


def test_every_id_is_there_once_and_every_description_is_found():
    call = make_call()
    for section in ("about", "evidence"):
        form = form_of(call, section, posted="")
        form.add_issues()
        page = page_of(form)
        ids = [e.attrs["id"] for e in page.find() if "id" in e.attrs]
        assert len(ids) == len(set(ids))
        for element in page.find():
            assert all(described(page, element))


def test_no_files_are_asked_for_where_there_is_no_room_for_more():
    call = make_call()
    draft = make_draft(call)
    most = call.questions_by_key["documents"].max_files
    for there, invited in ((most - 1, True), (most, False)):
        files = [make_attachment(draft, name=f"{n}.txt") for n in range(there)]
        page = drawn(form_of(call, "evidence", attachments={"documents": files}))
        assert ("Or drag files here." in page) is invited
        assert ("You have added as many files as you can." in page) is not invited


def test_refusal_is_said_beside_a_choice_that_is_shown_and_not_posted():
    call = make_call()
    shown = form_of(call, "about", answers={"age": "adult"})
    assert "Change this" not in drawn(shown)
    shown.refuse("age", "Change this")
    assert "Change this" in drawn(shown)


def test_every_link_of_the_error_summary_lands_on_something_focusable():
    call = make_call()
    checked = 0
    for section in ("about", "evidence"):
        form = form_of(call, section, posted="")
        form.add_issues()
        for question in form.questions:
            form.refuse(question.key, "Change this")
            for row in question.rows:
                form.refuse(question.key, f"Change {row['label']}", row=row["key"])
        page = page_of(form)
        for _message, target in form.error_summary:
            element = page.by_id(target)
            assert element.tag in FOCUSABLE
            assert element.attrs.get("type") != "hidden"
            checked += 1
    assert checked > 15


EIGHT = [{"key": f"o{number}", "label": f"Option {number}"} for number in range(8)]
MATRIX = {
    "key": "balance",
    "kind": "matrix",
    "label": "How fair was it?",
    "options": EIGHT[:4],
    "rows": [{"key": "money", "label": "Money"}, {"key": "risk", "label": "Risk"}],
}
MANY = {"key": "barriers", "kind": "checkboxes", "label": "What is hard?", "options": EIGHT}


def folds_of(questions, **given):
    page = page_of(form_of(make_call(about_questions=questions), **given))
    return {
        one.attrs["id"].removeprefix("question-"): "open" in fold.attrs
        for one in page.find("div")
        if one.attrs.get("class", "").startswith("question ")
        for fold in one.find("details")
    }


def test_long_optional_choice_starts_folded_and_opens_with_an_answer():
    questions = [MATRIX, MANY, MATRIX | {"key": "split"}, MANY | {"key": "helps"}]
    answers = {"split": {"risk": "o1"}, "helps": ["o3"]}
    assert folds_of(questions, answers=answers) == {
        "balance": False,
        "barriers": False,
        "split": True,
        "helps": True,
    }


def test_only_what_is_answered_or_wrong_is_open_on_a_page_that_comes_back():
    none = {"key": "none", "label": "None of these", "exclusive": True}
    wrong = MANY | {"key": "wrong", "options": [*EIGHT, none]}
    questions = [MATRIX, MATRIX | {"key": "split"}, MANY, wrong]
    form = form_of(
        make_call(about_questions=questions),
        posted="split_risk=o1&wrong=o1&wrong=none",
        answers={"wrong": ["o1", "none"]},
    )
    form.is_valid()
    form.add_issues()
    assert [target for _message, target in form.error_summary] == ["id_wrong"]
    page = page_of(form)
    opened = [
        key
        for key in ("balance", "split", "barriers", "wrong")
        if "open" in page.by_id(f"question-{key}").find("details")[0].attrs
    ]
    assert opened == ["split", "wrong"]


def test_nothing_is_folded_that_is_required_or_short():
    questions = [
        MATRIX | {"required": True},
        MANY | {"required": True},
        MANY | {"key": "few", "options": EIGHT[:7]},
    ]
    assert folds_of(questions) == {}


def test_folded_question_is_named_by_what_opens_it():
    page = page_of(form_of(make_call(about_questions=[MANY | {"hint": "All that apply."}])))
    [name] = page.find("summary")
    [group] = page.by_id("question-barriers").find("fieldset")
    assert name.text == "What is hard? (optional)"
    assert group.attrs["aria-labelledby"] == name.attrs["id"]
    assert described(page, group) == ["All that apply."]


@pytest.mark.parametrize(
    ("long", "hint", "in_columns"), [(0, "", True), (1, "", True), (2, "", False), (0, "So", False)]
)
def test_options_stand_in_two_columns_where_nearly_all_are_short(long, hint, in_columns):
    options = [
        option | {"label": "o" * (25 if number < long else 24), "hint": hint}
        for number, option in enumerate(EIGHT)
    ]
    page = page_of(form_of(make_call(about_questions=[MANY | {"options": options}])))
    assert bool(page.find("div", class_="choices choices--short")) is in_columns


def test_long_choice_that_is_left_to_the_author_is_not_folded():
    call = make_call(about_questions=[MANY])
    page = page_of(form_of(call, left_to_author={"barriers"}))
    assert page.find("details") == []
    assert page.by_id("id_barriers").text == "What is hard?"
