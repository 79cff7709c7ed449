"""The sets of a REFI-QDA project: each coder's layer, each respondent role, each sample to code.

A set of REFI-QDA has codes, sources and notes, and no codings. So a layer has the codes that
somebody used and the sources in which; each coding names who made it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from core.admin.uk_time import uk_day
from core.xml_text import element, tag
from exports.types import CodedPassage, Record
from exports.writers import qda_xml
from review.models import CodingSample
from submissions.calls.models import Call
from submissions.calls.states import QuestionKind


@dataclass
class _Set:
    guid: str
    name: str
    description: str
    codes: dict[str, None] = field(default_factory=dict)
    sources: dict[str, None] = field(default_factory=dict)


class Sets:
    """Collects what belongs to each set while the sources are written."""

    def __init__(
        self,
        call: Call,
        *,
        coders: Mapping[int, str],
        samples: Sequence[tuple[CodingSample, frozenset[str]]],
    ) -> None:
        self._layers = {
            key: _Set(
                qda_xml.guid(call, "layer", key),
                f"Layer of {name}",
                "The codes that this coder used, and the sources in which.",
            )
            for key, name in coders.items()
        }
        self._roles = {
            (question.key, role): _Set(
                qda_xml.guid(call, "role", question.key, role),
                f"Role: {label}",
                "The sources of those who gave this role.",
            )
            for question in call.questions_in_order
            if question.kind == QuestionKind.ROLES
            for role, label in question.option_labels.items()
        }
        self._samples = [
            (_Set(qda_xml.guid(call, "sample", sample.pk), *_told(sample)), drawn)
            for sample, drawn in samples
        ]

    def add(self, record: Record, source: str, coded: Iterable[CodedPassage]) -> None:
        """Put a source of the response, with its coded passages, into the sets it belongs to.

        A withheld response is in none: it tells nothing but when it came.
        """
        if record.is_withheld:
            return
        for passage in coded:
            layer = self._layers[passage.by]
            layer.codes[passage.code] = layer.sources[source] = None
        for (question, role), of_role in self._roles.items():
            if role in (record.choices.get(question) or ()):
                of_role.sources[source] = None
        for sample, drawn in self._samples:
            if record.reference in drawn:
                sample.sources[source] = None

    def xml(self) -> Iterator[str]:
        """Yield the Sets element; none where no set has anything in it."""
        sets = [*self._layers.values(), *self._roles.values(), *(one for one, _ in self._samples)]
        shown = [one for one in sets if one.sources]
        if not shown:
            return
        yield "<Sets>\n"
        for one in shown:
            yield tag("Set", {"guid": one.guid, "name": one.name})
            yield element("Description", one.description)
            for name, members in (("MemberCode", one.codes), ("MemberSource", one.sources)):
                for guid in members:
                    yield tag(name, {"targetGUID": guid}, is_empty=True)
            yield "</Set>\n"
        yield "</Sets>\n"


def _told(sample: CodingSample) -> tuple[str, str]:
    blind = "blind" if sample.is_blind else "not blind"
    return (
        f"Sample {sample.pk} of {uk_day(sample.drawn_at)}",
        f"Drawn at random for several coders, {blind}. Seed: {sample.seed}.",
    )
