"""The form that chooses responses: its fields, and the filter that they name."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from exports.filters import CONSENTS, ExportFilter, FilterRefused, consent_options
from exports.steering.on_record import field_names
from submissions.calls.models import Call
from submissions.responses.states import Timing, TriageStatus

# Fields of the form that choose responses, beside those of the call's facets; and the others.
OF_FILTERS = {field.name for field in fields(ExportFilter)} - {"facets", "listed"}
OF_EXPORTS = {
    "csrfmiddlewaretoken",
    "format",
    "named",
    "includes_unnamed",
    "confidential",
    "reason",
}
ONCE = ("words", "since", "until", "quotable", "campaigns", "order", "choices", "several")


@dataclass(frozen=True)
class Group:
    """One filter with several options: (value, label, whether it is chosen)."""

    name: str
    legend: str
    options: Sequence[tuple[str, str, bool]]

    @classmethod
    def of(
        cls,
        name: str,
        legend: str,
        options: Iterable[tuple[str, str]],
        chosen: Collection[str],
    ) -> Self:
        return cls(name, legend, [(value, label, value in chosen) for value, label in options])

    @property
    def chosen(self) -> int:
        return sum(is_chosen for _value, _label, is_chosen in self.options)


def read_filter(call: Call, given: QueryDict) -> ExportFilter:
    """Return the filter that the form's fields name.

    Raises FilterRefused for what is no day, for a field that the form does not have, and for one
    of `ONCE` that comes twice: nobody gets more than they meant to choose.
    """
    facets = {_field(question.key): question.key for _facet, question in call.facet_questions}
    for name in given:
        if name not in {*facets, *OF_FILTERS, *OF_EXPORTS}:
            raise FilterRefused(_("There is no filter “%(name)s”.") % {"name": name[:100]})
    for name in ONCE:
        if len(given.getlist(name)) > 1:
            raise FilterRefused(_("Give %(name)s once.") % {"name": name})
    filters: dict[str, Any] = {
        name: [value for value in given.getlist(name) if value]
        for name in ("timings", "statuses", "codes", *CONSENTS)
    }
    filters["facets"] = {
        key: [value for value in given.getlist(field) if value] for field, key in facets.items()
    }
    if given.get("quotable") not in {None, "", "yes", "no"}:
        raise FilterRefused(_("quotable is yes or no."))
    for name in ("words", "since", "until"):
        if written := given.get(name, "").strip():
            filters[name] = written
    return ExportFilter.from_filters(
        filters
        | {
            "quotable": given.get("quotable") == "yes",
            "campaigns": given.get("campaigns", ""),
            "order": given.get("order") or "oldest",
            "choices": given.get("choices") or "keys",
            "several": given.get("several") or "joined",
        }
    )


def groups_of(call: Call, export_filter: ExportFilter, codes: Sequence[str]) -> Sequence[Group]:
    names = field_names()
    groups = [
        Group.of(
            _field(question.key),
            capfirst(facet["label"]),
            question.option_labels.items(),
            export_filter.facets.get(question.key, ()),
        )
        for facet, question in call.facet_questions
    ]
    groups += [
        Group.of("timings", names["timings"], Timing.choices, export_filter.timings),
        Group.of("statuses", names["statuses"], TriageStatus.choices, export_filter.statuses),
        Group.of("codes", names["codes"], [(name, name) for name in codes], export_filter.codes),
    ]
    groups += [
        Group.of(name, names[name], options.items(), getattr(export_filter, name))
        for name, options in consent_options(call).items()
    ]
    return [group for group in groups if group.options]


def _field(key: str) -> str:
    """Return the name of the form's field for the facet of that question."""
    return f"facet_{key}"


def as_fields(export_filter: ExportFilter) -> Sequence[tuple[str, str]]:
    """Return the filter as hidden fields, so that what is exported is what was counted."""
    filters = export_filter.filters()
    for key, chosen in filters.pop("facets", {}).items():
        filters[_field(key)] = chosen
    fields = []
    for name, value in filters.items():
        values = value if isinstance(value, list) else ["yes" if value is True else value]
        fields += [(name, str(each)) for each in values]
    return fields
