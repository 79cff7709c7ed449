"""How far the coders of a sample agree: the table as a page and as a file."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from accounts.call_admin import OfOwnCalls
from accounts.current_user import current_user
from accounts.record import record
from accounts.states import Action, AuditAction
from core import clock
from core.admin.uk_time import uk_day
from core.direction import isolated
from core.row_keys import row_key
from core.safe_cells import neutralise
from review.admin.agreement.sample_pages import sample_page, show
from review.agreement.coding_differences import differences
from review.agreement.coefficients import Figure, Share, say_coefficient
from review.agreement.comparing import Comparison, compare
from review.agreement.figures import By, CodeFigures, PairFigures, figures
from review.models import CodingSample

ALL_CODES = "all codes"
EVERYBODY = "all coders"
HEADER = (
    "unit",
    "code",
    "coders",
    "krippendorff_alpha",
    "cohen_kappa",
    "per_cent_agreement",
    "undefined_because",
    "responses",
    "units",
    "coded_by_anybody",
    "pairs_of_values",
    "agreeing_pairs",
    "coincidences_coded",
    "coincidences_differing",
    "coincidences_not_coded",
    "both_coded",
    "only_first_coded",
    "only_second_coded",
    "neither_coded",
)


@dataclass(frozen=True)
class CoderDone:
    name: str
    responses: int


def urls(admin: OfOwnCalls) -> list[URLPattern]:
    sees = Action.READ_RESPONSES
    return [
        path(
            "<int:pk>/agreement/",
            sample_page(admin, sees, page),
            name="review_codingsample_agreement",
        ),
        path(
            "<int:pk>/agreement.csv",
            sample_page(admin, sees, download),
            name="review_codingsample_agreement_csv",
        ),
    ]


def page(request: HttpRequest, admin: OfOwnCalls, sample: CodingSample) -> HttpResponse:
    """Show the figures by sentence or by answer, and those of pairs of coders for one code."""
    comparison = compare(sample)
    by = By.ANSWER if request.GET.get("by") == By.ANSWER else By.SENTENCE
    lines = figures(comparison, by) if comparison.responses else []
    key = row_key(request.GET.get("code", ""))
    chosen = next((one for one in lines if one.code and one.code.pk == key), None)
    there = differences(comparison)
    return show(
        request,
        admin,
        sample,
        "figures",
        f"Agreement of {isolated(str(sample))}",
        comparison=comparison,
        coders=_coders(comparison),
        by=by.value,
        lines=lines,
        chosen=chosen or (lines[0] if lines else None),
        differing=len(there),
        undecided=sum(one.decision is None for one in there),
    )


def _coders(comparison: Comparison) -> list[CoderDone]:
    return [
        CoderDone(coder.get_username(), sum(coder.pk in done for done in comparison.done.values()))
        for coder in sorted(comparison.coders.values(), key=lambda one: one.get_username())
    ]


def download(request: HttpRequest, admin: OfOwnCalls, sample: CodingSample) -> HttpResponse:
    """Send both tables as CSV: RFC 4180, UTF-8 with BOM. On record, with the file's digest."""
    comparison = compare(sample)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADER)
    for by in By if comparison.responses else ():
        for one in figures(comparison, by):
            writer.writerow(_line(by, one))
            writer.writerows(_lines_of_pairs(by, one))
    content, at = text.getvalue().encode("utf-8-sig"), clock.portal_now()
    record(
        by=current_user(request),
        at=at,
        action=AuditAction.AGREEMENT_DOWNLOADED,
        call=sample.call,
        sample=sample.pk,
        sha256=sha256(content).hexdigest(),
    )
    name = f"{sample.call.slug}-sample-{sample.pk}-agreement-{uk_day(at)}.csv"
    answer = HttpResponse(content, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _line(by: By, one: CodeFigures) -> list[object]:
    return [
        by.value,
        _name(one),
        EVERYBODY,
        _cell(one.alpha),
        "",
        _per_cent(one.share),
        one.alpha.why,
        one.responses,
        one.units,
        one.coded,
        one.pairs,
        one.agreeing,
        round(one.met_both, 4),
        round(one.met_one, 4),
        round(one.met_neither, 4),
        *[""] * 4,
    ]


def _lines_of_pairs(by: By, one: CodeFigures) -> Iterator[list[object]]:
    for pair in one.pairs_of_coders:
        yield [
            by.value,
            _name(one),
            neutralise(f"{pair.first.get_username()}, {pair.second.get_username()}"),
            "",
            _cell(pair.kappa),
            _per_cent(pair.share),
            pair.kappa.why,
            pair.responses,
            pair.units,
            _coded_by_pair(pair),
            pair.units,
            pair.both + pair.neither,
            *[""] * 3,
            pair.both,
            pair.only_first,
            pair.only_second,
            pair.neither,
        ]


def _coded_by_pair(pair: PairFigures) -> int:
    return pair.both + pair.only_first + pair.only_second


def _name(one: CodeFigures) -> str:
    return neutralise(one.code.name) if one.code else ALL_CODES


def _cell(figure: Figure) -> str:
    return "" if figure.value is None else say_coefficient(figure.value, 4)


def _per_cent(share: Share) -> str:
    """Return the share rounded down to a hundredth, so that 100.00 is all of them."""
    return f"{share.number * 10_000 // share.of / 100:.2f}" if share.of else ""
