"""A call with codings to count, and the numbers of its matrix."""

from review.matrix.columns import choices_across
from review.matrix.selection import Selection
from review.matrix.table import in_words, matrix_of
from review.models import Coding
from submissions.responses.models import Submission
from tests.makers import make_call, make_submitted, while_open

INCOMES = [
    {"key": "none", "label": "None"},
    {"key": "low", "label": "Under £1,000"},
    {"key": "high", "label": "More"},
]
ABOUT = [
    {"key": "roles", "kind": "roles", "label": "Which describes you?"},
    {"key": "role_other", "kind": "short", "label": "Describe your role"},
    {"key": "income", "kind": "radio", "label": "Your income", "options": INCOMES},
    {
        "key": "email",
        "kind": "email",
        "label": "Email",
        "identity": True,
        "required": True,
        "missing": "Enter it",
    },
]
FACETS = [
    {"question": "roles", "label": "role"},
    {"question": "income", "label": "income band"},
]
DERIVED = [
    {
        "key": "size",
        "question": "income",
        "label": "size",
        "meaning": "Small or large.",
        "bands": [
            {"key": "small", "label": "Small", "options": ["none", "low"]},
            {"key": "large", "label": "Large", "options": ["high"]},
        ],
    }
]
STORY = "Pay is late. Trust is gone."


def matrix_call(**overrides):
    fields = {"about_questions": ABOUT, "facets": FACETS, "derived": DERIVED}
    return make_call(**fields | overrides)


def give(call, *, role="provider", income=None, **answers):
    given = {"roles": role if isinstance(role, list) else [role], "story": STORY}
    if income:
        given["income"] = income
    return make_submitted(call, **given | answers)


def put_under(code, response, by, start=0, end=3, key="story"):
    """Code a passage of the response's current version."""
    response = Submission.objects.get(pk=response.pk)
    return Coding.objects.create(
        code=code,
        version=response.current_version,
        question=code.call.questions.get(key=key),
        start=start,
        end=end,
        by=by,
        at=while_open(code.call),
    )


def selected(call, reader, across="roles", **options):
    return Selection(call=call, across=choices_across(call)[across], reader=reader, **options)


def numbers(call, reader, across="roles", **options):
    """Each code's total and cells as “responses/passages”, and the bases, by label."""
    matrix = matrix_of(selected(call, reader, across, **options))
    said = {
        line.one.code.name: {
            "all": _said(line.total),
            **{
                column.label: _said(cell)
                for column, cell in zip(matrix.columns, line.cells, strict=True)
                if cell.responses.number != 0
            },
        }
        for line in matrix.lines
    }
    bases = {column.label: in_words(column.base) for column in matrix.columns}
    return said, {"all": in_words(matrix.base), **bases}


def _said(cell):
    return f"{in_words(cell.responses)}/{in_words(cell.passages)}"
