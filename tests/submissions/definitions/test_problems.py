"""Each problem of a definition, as it is said."""

import pytest

from tests.submissions.definitions.small_text import ABOUT, EVIDENCE, refusal, small_with


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
            'key = "1_about"',
            "sections.1_about.key: “1_about” must have small letters and digits, joined by single "
            "underscores, and begin with a letter",
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
            'rows = [{ key = "money", label = "Money" }, ',
            'rows = [{ key = "money_now", label = "Money" }]\n'
            'options = [{ key = "poor", label = "Poor" }, { key = "good", label = "Good" }]\n'
            "[[sections.questions]]\n"
            'key = "fairness_money"\nkind = "matrix"\nlabel = "Money"\n'
            'rows = [{ key = "now", label = "Now" }, ',
            f"{EVIDENCE}.fairness_money.rows.now: its column “fairness_money_now” has the name of "
            "another column",
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
        (
            '{ key = "none", label = "None", exclusive = true },',
            '"None",',
            f"{EVIDENCE}.history.options[2]: must be a table, not a single value, such as "
            '{ key = "yes", label = "Yes" }',
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
            'label = "NHS size"\nshort_labels = { smal = "few" }',
            "facets.size.short_labels.smal: is not an option of “size”: did you mean “small”?",
        ),
        (
            'label = "NHS size"',
            'label = "NHS size"\nshort_labels = { small = "Few", large = "few" }',
            "facets.size.short_labels: two of them are “few”",
        ),
        (
            'label = "NHS size"',
            'label = "NHS size"\nshort_labels = { small = "Large" }',
            "facets.size.short_labels: two of them are “large”",
        ),
        (
            'label = "NHS size"',
            f'label = "NHS size"\nshort_labels = {{ small = "{"a" * 41}" }}',
            "facets.size.short_labels.small: has 41 characters; 40 at most",
        ),
        (
            'label = "NHS size"',
            'label = "NHS size"\nshort_labels = ["few"]',
            "facets.size.short_labels: must be a table, in { } or under a heading of its own",
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
            'key = "half"',
            'key = "version"',
            "derived.version: its column “version” has the name of another column",
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
            "derived.half.bands: “small” is in two of them: take it out of one",
        ),
        (
            '["small", "none"]',
            '["small"]',
            "derived.half.bands: “none” is in none of them: add it to one",
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
            f"{ABOUT}.role_other.required_if: “=” does not go with “roles” (roles): "
            "use “contains” or “in”",
        ),
        (
            'required_if = "roles contains other"',
            'required_if = "roles"',
            f"{ABOUT}.role_other.required_if: “roles” is not of the form: key = value",
        ),
        (
            'required_if = "roles contains other"',
            'required_if = "publication=named"',
            f"{ABOUT}.role_other.required_if: “publication=named” is not of the form: key = value, "
            "with spaces around the sign",
        ),
        (
            'required_if = "roles contains other"',
            'required_if = "publication = named or publication = anonymous"',
            f"{ABOUT}.role_other.required_if: “publication = named or publication = anonymous”: "
            "there is no “or”; for several options use “in”",
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
            'show_if = "history contains bid"',
            'show_if = "story = bid"',
            f"{EVIDENCE}.story.show_if: a question cannot depend on itself",
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
def test_problem_names_file_key_and_reason(old, new, problem):
    assert refusal(small_with(old, new)) == [f"small.toml: {problem}"]
