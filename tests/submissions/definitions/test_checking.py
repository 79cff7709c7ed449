from datetime import UTC, datetime

import pytest
from django.urls import get_resolver

from submissions.calls.states import RESERVED_SECTION_KEYS
from submissions.definitions.errors import DefinitionRefused
from submissions.definitions.loading import LARGEST_DEFINITION, parse
from submissions.definitions.rules import RESERVED_SLUGS
from tests.makers import DEFINITIONS, SMALL

ABOUT = "sections.about_you"
EVIDENCE = "sections.evidence"


def refusal(text):
    with pytest.raises(DefinitionRefused) as refused:
        parse(text, source="small.toml")
    return refused.value.problems


def small_with(old, new):
    text = SMALL.read_text(encoding="utf-8")
    assert text.count(old) >= 1
    return text.replace(old, new, 1)


def test_small_definition_is_read():
    call = parse(SMALL.read_text(encoding="utf-8"), source="small.toml")
    assert (call.slug, call.timezone, call.grace_minutes) == ("small", "Europe/London", 0)
    assert call.opens_at == datetime(2019, 5, 29, 8, tzinfo=UTC)
    assert call.closes_at == datetime(2019, 7, 24, 11, tzinfo=UTC)
    assert call.contact_phone == "0800 000 000"
    assert {key: str(q.kind) for key, q in call.questions.items()} == {
        "roles": "roles",
        "role_other": "short",
        "email": "email",
        "number": "short",
        "size": "radio",
        "history": "checkboxes",
        "fairness": "matrix",
        "story": "long",
        "documents": "file",
        "publication": "radio",
        "declaration": "checkbox",
    }


def test_limits_that_are_not_given_have_their_defaults():
    questions = parse(SMALL.read_text(encoding="utf-8"), source="small.toml").questions
    assert questions["role_other"].max_chars == 200
    assert questions["email"].max_chars == 254
    assert questions["email"].identity is True
    assert questions["story"].max_words == 1000
    files = questions["documents"]
    assert (files.max_files, files.max_mb, files.file_types) == (3, 10, ("pdf",))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        # The call.
        ('title = "A small call"', "title = 3", "call.title: must be text in quotes"),
        ('title = "A small call"', 'title = ""', "call.title: is empty"),
        ('title = "A small call"', "", "call.title: is missing"),
        ('title = "A small call"', 'title = "a\\nb"', "call.title: must be on one line"),
        (
            'title = "A small call"',
            'title = "a\\u0000b"',
            "call.title: has a character that cannot be shown",
        ),
        (
            'title = "A small call"',
            f'title = "{"x" * 201}"',
            "call.title: has 201 characters; 200 at most",
        ),
        (
            'title = "A small call"',
            'title = "A"\ntitel = "B"',
            "call.titel: is not known here: did you mean “title”?",
        ),
        (
            'slug = "small"',
            'slug = "A call"',
            "call.slug: “A call” must have small letters and digits, joined by hyphens",
        ),
        (
            'slug = "small"',
            'slug = "sign-in"',
            "call.slug: “sign-in” is taken by a page of the portal",
        ),
        (
            'partners = ["Example Trust"]',
            'partners = ["A", "A"]',
            "call.partners[2]: is there twice",
        ),
        (
            'reference_prefix = "SML"',
            'reference_prefix = "sm1"',
            "call.reference_prefix: “sm1” must have 2 to 6 capital letters",
        ),
        (
            "#14576b",
            "teal",
            "call.accent_colour: “teal” must look like #14576b: # and 6 hex digits",
        ),
        (
            "#14576b",
            "#ffdd00",
            "call.accent_colour: #ffdd00 is too light beside white: contrast 1.3, at least 4.5 "
            "is needed",
        ),
        (
            "team@example.org",
            "team",
            "call.contact.email: “team” is not an email address: "
            "Enter an email address in the correct format, like name@example.com",
        ),
        (
            'help = "Ask us."',
            'logo = "../secret.png"',
            "call.logo: “../secret.png” must be the path of an .svg or .png file under static/",
        ),
        (
            'help = "Ask us."',
            "grace_minutes = 1441",
            "call.grace_minutes: must be from 0 to 1,440",
        ),
        (
            'help = "Ask us."',
            "grace_minutes = true",
            "call.grace_minutes: must be a whole number",
        ),
        ('help = "Ask us."', 'needs_evidence = "no"', "call.needs_evidence: must be true or false"),
        # Times.
        (
            "opens = 2019-05-29T09:00:00",
            "opens = 2019-05-29",
            "call.opens: must be a date and a time, such as 2019-07-24T12:00:00, no quotes",
        ),
        (
            "closes = 2019-07-24T12:00:00",
            "closes = 2019-05-29T09:00:00",
            "call.closes: must be after “opens”",
        ),
        (
            "closes = 2019-07-24T12:00:00",
            "closes = 3000-01-01T12:00:00",
            "call.closes: must be in the years 2000 to 2999",
        ),
        (
            "closes = 2019-07-24T12:00:00",
            "closes = 2020-03-29T01:30:00",
            "call.closes: 2020-03-29T01:30:00 does not exist in Europe/London: the clocks go "
            "forward over it",
        ),
        (
            "closes = 2019-07-24T12:00:00",
            "closes = 2019-10-27T01:30:00",
            "call.closes: 2019-10-27T01:30:00 comes twice in Europe/London, as the clocks go "
            "back: write the offset too, such as 2019-10-27T01:30:00+01:00",
        ),
        (
            'help = "Ask us."',
            'timezone = "Europe/Londno"',
            "call.timezone: “Europe/Londno” is not a time zone such as Europe/London: did you "
            "mean “Europe/London”?",
        ),
        (
            'help = "Ask us."',
            'timezone = "../../etc/passwd"',
            "call.timezone: “../../etc/passwd” is not a time zone such as Europe/London",
        ),
        # Keys.
        (
            'key = "about_you"',
            'key = "About"',
            "sections[1].key: “About” must have small letters and digits, joined by single "
            "underscores",
        ),
        (
            'key = "about_you"',
            'key = "submitted"',
            "sections.submitted: this key is taken by a page of the portal",
        ),
        (
            'key = "about_you"',
            'key = "evidence"',
            "sections.evidence: there are two sections with this key",
        ),
        (
            'key = "number"',
            'key = "story"',
            "sections.evidence.story: the key is used twice, in “about_you” and “evidence”",
        ),
        (
            'key = "number"',
            'key = "submitted_at"',
            f"{ABOUT}.submitted_at: this key is taken: choose another",
        ),
        (
            'key = "number"',
            'key = "fairness_money"',
            f"{EVIDENCE}.fairness.rows.money: its column “fairness_money” has the name of another "
            "column",
        ),
        (
            'reveals = "role_other"',
            'reveals = "role_other"\n[[roles]]\nkey = "other"\nlabel = "Third"',
            "roles.other: there are two roles with this key",
        ),
        (
            'key = "none", label = "None"',
            'key = "bid", label = "None"',
            f"{EVIDENCE}.history.options.bid: the key is used twice",
        ),
        (
            'label = "None"',
            'label = "Bid"',
            f"{EVIDENCE}.history.options: two of them are labelled “Bid”",
        ),
        # Kinds and what goes with them.
        (
            'kind = "long"',
            'kind = "essay"',
            f"{EVIDENCE}.story.kind: “essay” is not a kind of question (radio, checkboxes, roles, "
            "short, long, email, matrix, file, checkbox)",
        ),
        (
            'label = "What happened?"',
            'label = "What happened?"\noptions = []',
            f"{EVIDENCE}.story.options: does not go with the kind “long”",
        ),
        (
            'label = "It is mine to send"',
            'label = "It is mine to send"\nidentity = true',
            f"{EVIDENCE}.declaration.identity: does not go with the kind “checkbox”",
        ),
        (
            'label = "Email address"',
            'label = "Email address"\nidentity = false',
            f"{ABOUT}.email.identity: must be true: an email address says who answers",
        ),
        (
            'rows = [{ key = "money", label = "Money" }, { key = "risk", label = "Risk" }]\n',
            "",
            f"{EVIDENCE}.fairness.rows: is missing",
        ),
        (
            'options = [{ key = "poor", label = "Poor" }, { key = "good", label = "Good" }]',
            'options = [{ key = "poor", label = "Poor" }]',
            f"{EVIDENCE}.fairness.options: has one option: there must be two or more to choose "
            "from",
        ),
        (
            'key = "named", label = "Yes, with a name"',
            'key = "named", label = "Yes, with a name", exclusive = true',
            f"{EVIDENCE}.publication.options.named.exclusive: is not known here",
        ),
        (
            'key = "named", label',
            'key = "maybe", label',
            f"{EVIDENCE}.publication: must be of the kind “radio”, with options out of named, "
            "organisation, anonymous, confidential",
        ),
        (
            'file_types = ["pdf"]',
            'file_types = ["exe"]',
            f"{EVIDENCE}.documents.file_types: “exe” is not a type of file that is taken "
            "(pdf, docx, odt, txt, xlsx, csv, jpg, png, heic)",
        ),
        (
            'file_types = ["pdf"]',
            "max_mb = 26",
            f"{EVIDENCE}.documents.max_mb: must be from 1 to 25",
        ),
        (
            'key = "role_other"',
            'key = "again"\nkind = "roles"\nlabel = "Again"\n'
            '[[sections.questions]]\nkey = "role_other"',
            f"{ABOUT}.again: “roles” asks for the roles already",
        ),
        (
            'warning = "That looks odd"',
            "",
            f"{ABOUT}.number.warn_unless: needs “warning” beside it",
        ),
        (
            "[0-9]{6,7}",
            "([0-9]+)+",
            f"{ABOUT}.number.warn_unless: “([0-9]+)+” repeats without end: write how often, such "
            "as {1,8}, not +",
        ),
        # Facets.
        (
            'question = "size"\nlabel = "NHS size"',
            'question = "size"',
            "facets.size.label: is missing",
        ),
        (
            'label = "NHS size"',
            'label = "NHS size"\nhead = 1',
            "facets.size.head: is not known here",
        ),
        (
            'label = "NHS size"',
            'label = "Part"',
            "facets: two of them are labelled “part”",
        ),
        (
            'label = "NHS size"',
            'label = "a"\n[[facets]]\nquestion = "size"\nlabel = "b"',
            "facets.size: there are two facets of this question",
        ),
        (
            'label = "part"',
            'label = "part"\n[[facets]]\nquestion = "sizes"\nlabel = "a"',
            "facets.sizes: “sizes” is not a question: did you mean “size”?",
        ),
        (
            'label = "part"',
            'label = "part"\n[[facets]]\nquestion = "story"\nlabel = "a"',
            "facets.story: “story” is of the kind “long”: a facet needs options to choose from",
        ),
        (
            'label = "part"',
            'label = "part"\n[[facets]]\nquestion = "publication"\nlabel = "a"',
            "facets.publication: “publication” is what respondents allow: it cannot be a facet",
        ),
        (
            'key = "half"',
            'key = "history"',
            "derived.history: its column “history” has the name of another column",
        ),
        (
            'key = "half"',
            'key = "fairness_money"',
            "derived.fairness_money: its column “fairness_money” has the name of another column",
        ),
        (
            'key = "half"',
            'key = "words"',
            "derived.words: its column “words” has the name of another column",
        ),
        (
            'key = "half"\nquestion = "size"',
            'key = "half"\nquestion = "history"',
            "derived.half.question: “history” is not a facet",
        ),
        (
            'key = "half"\nquestion = "size"',
            'key = "half"\nquestion = "roles"',
            "derived.half.question: “roles” is of the kind “roles”: bands need a “radio”, with one "
            "answer",
        ),
        (
            'meaning = "The upper or the lower half."\n',
            "",
            "derived.half.meaning: is missing",
        ),
        (
            'options = ["large"]',
            'options = ["large", "small"]',
            "derived.half.bands: “small” is in two of them",
        ),
        (
            '["small", "none"]',
            '["small"]',
            "derived.half.bands: “none” is in none of them",
        ),
        (
            'key = "lower"',
            'key = "upper"',
            "derived.half.bands.upper: the key is used twice",
        ),
        (
            'label = "Lower half"',
            'label = "Upper half"',
            "derived.half.bands: two of them are labelled “Upper half”",
        ),
        # Conditions.
        (
            'required_if = "roles contains other"',
            'required_if = "foo = bar"',
            f"{ABOUT}.role_other.required_if: “foo” is not a question",
        ),
        (
            'required_if = "roles contains other"',
            'required_if = "rolls contains other"',
            f"{ABOUT}.role_other.required_if: “rolls” is not a question: did you mean “roles”?",
        ),
        (
            'required_if = "roles contains other"',
            'required_if = "roles contains otter"',
            f"{ABOUT}.role_other.required_if: “otter” is not an option of “roles”: did you mean "
            "“other”?",
        ),
        (
            'required_if = "roles contains other"',
            'required_if = "roles = other"',
            f"{ABOUT}.role_other.required_if: “=” does not go with “roles” (roles): use “contains”",
        ),
        (
            'required_if = "roles contains other"',
            'required_if = "roles"',
            f"{ABOUT}.role_other.required_if: “roles” is not of the form: key = value",
        ),
        (
            'required_if = "roles contains other"',
            'required_if = "story = yes"',
            f"{ABOUT}.role_other.required_if: “story” is of the kind “long”: only choices can be "
            "compared",
        ),
        (
            'required_if = "roles contains other"',
            'required_if = "roles contains other"\nrequired = true',
            f"{ABOUT}.role_other.required_if: is not needed beside “required = true”",
        ),
        (
            'required = true\noptions = [\n    { key = "named"',
            'required_if = "publication = named"\noptions = [\n    { key = "named"',
            f"{EVIDENCE}.publication.required_if: a question cannot depend on itself",
        ),
        (
            'show_if = "history contains bid"',
            'show_if = "publication = named"',
            f"{EVIDENCE}.story.show_if: “publication” is asked later: what is shown may depend on "
            "earlier ones only",
        ),
        (
            'show_if = "roles contains provider"',
            'show_if = "history contains bid"',
            f"{EVIDENCE}.show_if: “history” is asked later: what is shown may depend on earlier "
            "ones only",
        ),
        (
            'reveals = "role_other"',
            'reveals = "story"',
            "roles.other.reveals: “story” is not a question of the same section",
        ),
        (
            'reveals = "role_other"',
            'reveals = "roles"',
            "roles.other.reveals: “roles” must come after “roles”",
        ),
    ],
)
def test_fault_names_file_key_and_reason(old, new, problem):
    assert refusal(small_with(old, new)) == [f"small.toml: {problem}"]


def test_all_problems_are_found_at_once():
    text = small_with('title = "A small call"', "title = 3").replace(
        "roles contains other", "roles contains otter"
    )
    assert refusal(text) == [
        "small.toml: call.title: must be text in quotes",
        f"small.toml: {ABOUT}.role_other.required_if: “otter” is not an option of “roles”: "
        "did you mean “other”?",
    ]


def test_option_that_is_not_there_leaves_another_without_a_band():
    assert refusal(small_with('options = ["large"]', 'options = ["larch"]')) == [
        "small.toml: derived.half.bands.upper.options: “larch” is not an option of “size”: did "
        "you mean “large”?",
        "small.toml: derived.half.bands: “large” is in none of them",
    ]


def test_two_bands_derived_under_one_key_are_refused():
    text = SMALL.read_text(encoding="utf-8")
    derived = text[text.index("[[derived]]") : text.index("[[sections]]")]
    assert refusal(text.replace(derived, derived + derived)) == [
        "small.toml: derived.half: there are two with this key",
        "small.toml: derived: two of them are labelled “in halves”",
    ]


def test_more_facets_than_can_be_counted_at_once_are_refused():
    facets = '[[facets]]\nquestion = "size"\nlabel = "a"\n' * 20
    problems = refusal(small_with("[[facets]]", f"{facets}[[facets]]"))
    assert problems[0] == "small.toml: facets: has 22 entries; 20 at most"


def test_requirement_may_depend_on_a_later_section():
    text = small_with('required_if = "roles contains other"', 'required_if = "publication = named"')
    assert parse(text, source="small.toml").questions["role_other"].required_if == (
        "publication = named"
    )


def test_time_that_comes_twice_is_clear_with_its_offset():
    text = small_with("closes = 2019-07-24T12:00:00", "closes = 2019-10-27T01:30:00+01:00")
    assert parse(text, source="x").closes_at == datetime(2019, 10, 27, 0, 30, tzinfo=UTC)


def test_text_that_is_not_toml_is_one_line():
    assert refusal("[call\nslug") == [
        "small.toml: file: is not TOML: Expected ']' at the end of a table declaration "
        "(at line 1, column 6)"
    ]


def test_key_that_toml_repeats_is_refused():
    assert refusal(small_with('slug = "small"', 'slug = "a"\nslug = "b"')) == [
        "small.toml: file: is not TOML: Cannot overwrite a value (at line 3, column 11)"
    ]


def test_nesting_without_end_is_refused():
    assert refusal("a = " + "[" * 100_000) == [
        "small.toml: file: lists or tables are nested too deep"
    ]


def test_number_without_end_is_refused():
    assert len(refusal("a = " + "9" * 10_000)) == 1


def test_huge_definition_is_refused():
    assert refusal("#" * (LARGEST_DEFINITION + 1)) == [
        "small.toml: file: has 1,000,001 characters; a call definition has 1,000,000 at most"
    ]


def test_empty_definition_says_what_is_missing():
    problems = refusal("")
    assert problems[0] == "small.toml: call: is missing"
    assert problems[-1] == "small.toml: sections: is missing"


def test_digest_ignores_comments_layout_and_file_name():
    text = SMALL.read_text(encoding="utf-8")
    same = parse(f"# A remark\n\n{text}", source="other.toml")
    assert same.digest() == parse(text, source="small.toml").digest()
    other = parse(small_with('label = "Bid"', 'label = "Did bid"'), source="small.toml")
    assert other.digest() != same.digest()


def test_keys_that_addresses_use_are_reserved():
    routes = [str(pattern.pattern) for pattern in get_resolver("submissions.urls").url_patterns]
    response = "calls/<slug:slug>/response/"
    below = {r.removeprefix(response).split("/")[0] for r in routes if r.startswith(response)}
    assert {
        part for part in below - set(RESERVED_SECTION_KEYS) if part and "<" not in part
    } == set()
    steering = {r.split("/")[1] for r in routes if r.startswith("steering/")}
    assert {part for part in steering - set(RESERVED_SLUGS) if part and "<" not in part} == set()


def test_every_definition_that_comes_with_the_portal_is_accepted():
    files = sorted(DEFINITIONS.glob("*.toml"))
    assert [file.name for file in files] == ["rebalancing-the-relationship.toml"]
    for file in files:
        assert parse(file.read_text(encoding="utf-8"), source=file.name).slug == file.stem
