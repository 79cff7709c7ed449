"""What in a response may be personal data: suggestions, which hide nothing by themselves.

Addresses, numbers and handles are found by their form. Names are those that people gave as who
answered, in this response or in others of the call: as whole words, in any case, with or without
accents.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from django.db.models import F, TextChoices

from core.words import GOES_ON, has_no_spaces
from review.models import FileText, Redaction
from review.redaction.marks import marked_redactions, of_text
from submissions.calls.models import Call, Question
from submissions.calls.states import ORGANISATION_NAME, TEXT_KINDS, QuestionKind
from submissions.responses.models import Version, VersionIdentity
from submissions.responses.states import SubmissionState

MOST = 500  # of one response
AROUND = 60  # characters on each side
SHORTEST_PART = 3  # letters of a part of a person's name that is looked for by itself
SHORTEST_VALUE = 4  # characters of an answer that says who answered
RUN = re.compile(rf"[^\W_](?:[^\W_]|[{GOES_ON}])*")
GAP = re.compile(r"[^\w\n]{1,3}")
# Each is bounded and begins where a run does, so that no text makes it slow.
EMAIL = re.compile(r"(?<![\w.+'-])[\w.+'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
# Between the digits of a telephone number: spaces and dashes of every width, dots, brackets.
_BETWEEN = r"[ .()\u00a0\u2007\u2009\u202f\u2010-\u2015-]{0,3}"
PHONE = re.compile(
    rf"(?<![\w+])(?:(?:\+|00)\d{{1,3}}{_BETWEEN}(?:\(0\){_BETWEEN})?\d(?:{_BETWEEN}\d){{6,11}}"
    rf"|\(?0\)?{_BETWEEN}[1-9](?:{_BETWEEN}\d){{8,9}})(?!\d)"
)
POSTCODE = re.compile(
    r"(?<!\w)[A-Z]{1,2}\d[A-Z\d]?[ \t]{0,2}\d[ABD-HJLNP-UW-Z]{2}(?!\w)", re.IGNORECASE
)
# No other number and no sum of money stands between the word and the number.
CHARITY = re.compile(
    r"(?<!\w)charit(?:y|ies)(?!\w)[^\d\n£$€]{0,40}(?P<number>\d{6,7}(?:-\d{1,2})?)(?![\d,.]\d|\d)"
    r"|(?<!\w)(?:SC0|NIC[ \t]?)\d{5,6}(?!\w)",
    re.IGNORECASE,
)
WEB = re.compile(
    r"(?<![\w.@/-])(?:https?://[^\s<>\"“”]{3,500}"
    r"|(?:[a-z0-9-]{1,63}\.){1,6}(?:com|org|net|info|io|eu|uk|scot|wales|cymru|charity|ngo)"
    r"(?![\w-])(?:/[^\s<>\"“”]{0,500})?)",
    re.IGNORECASE,
)
HANDLE = re.compile(r"(?<![\w.@/+-])@\w{2,30}(?:\.\w{1,30}){0,3}(?![\w@])")
AT_THE_END = ".,;:!?)]}'’"


class Kind(TextChoices):
    """What a suggestion takes the words for."""

    EMAIL = "email", "An email address"
    PHONE = "phone", "A telephone number"
    POSTCODE = "postcode", "A postcode"
    CHARITY = "charity", "A charity number"
    WEB = "web", "A web address"
    HANDLE = "handle", "A name on a social network"
    AUTHOR = "author", "From who answered"
    OTHER = "other", "From who answered another response"

    def said(self, *, sees_identity: bool) -> str:
        """Return it in words, which do not tell whose name it is to who may not see that."""
        is_name = self in {Kind.AUTHOR, Kind.OTHER}
        return "A name" if is_name and not sees_identity else str(self.label)


PATTERNS = {
    Kind.EMAIL: EMAIL,
    Kind.PHONE: PHONE,
    Kind.POSTCODE: POSTCODE,
    Kind.CHARITY: CHARITY,
    Kind.WEB: WEB,
    Kind.HANDLE: HANDLE,
}


@dataclass(frozen=True)
class Suggestion:
    """`[start, end)` of `whole`, the answer to `question` or a file's text."""

    question: Question
    start: int
    end: int
    kind: Kind
    whole: str
    file_text: FileText | None = None

    @property
    def key(self) -> str:
        """What a form posts of it."""
        file = self.file_text.pk if self.file_text else ""
        return f"{self.question.pk}.{file}.{self.start}-{self.end}"

    @property
    def words(self) -> str:
        return self.whole[self.start : self.end]

    @property
    def before(self) -> str:
        return self.whole[max(0, self.start - AROUND) : self.start]

    @property
    def after(self) -> str:
        return self.whole[self.end : self.end + AROUND]


def suggestions(version: Version, call: Call, *, files: Iterable[FileText]) -> list[Suggestion]:
    """Return what may be personal data in the answers and in the files' texts, in their order.

    What is hidden or proposed to be is left out.
    """
    names = _names(version, call)
    marked = list(marked_redactions(version))
    found: list[Suggestion] = []
    for question in call.questions_in_order:
        text = version.texts.get(question.key, "")
        if text and question.kind in TEXT_KINDS and not question.identity:
            known = of_text(marked, question, None)
            places = _without(found_in(text, names), known)
            found += [Suggestion(question, start, end, kind, text) for start, end, kind in places]
    for file_text in files:
        of_file = file_text.attachment.question
        if of_file is not None:
            text, known = file_text.text, of_text(marked, of_file, file_text)
            places = _without(found_in(text, names), known)
            found += [Suggestion(of_file, *place, text, file_text) for place in places]
    return found[:MOST]


def found_in(text: str, names: "Names") -> list[tuple[int, int, Kind]]:
    """Return the places in their order; of two that overlap the longer one."""
    places = [
        (*_edges(match, text), kind)
        for kind, pattern in PATTERNS.items()
        for match in pattern.finditer(text)
    ]
    places += names.places(text)
    kept: list[tuple[int, int, Kind]] = []
    for start, end, kind in sorted(places, key=lambda one: (one[0], -one[1])):
        if kept and start < kept[-1][1]:
            if end - start > kept[-1][1] - kept[-1][0]:
                kept[-1] = (start, end, kind)
        else:
            kept.append((start, end, kind))
    return kept


class Names:
    """Names, each as its words without accents and in small letters.

    A place in a text asks for as many names as there are lengths, however many begin alike. Where a
    script has no spaces between words, a name may stand anywhere.
    """

    def __init__(self) -> None:
        self._anywhere: dict[str, Kind] = {}
        self._kinds: dict[tuple[str, ...], Kind] = {}
        self._lengths: dict[str, set[int]] = {}

    def add(self, name: str, kind: Kind) -> None:
        words = tuple(RUN.findall(folded(name)))
        if words:
            self._kinds[words] = kind
            if has_no_spaces(name):
                self._anywhere[name.strip()] = kind
            self._lengths.setdefault(words[0], set()).add(len(words))

    def places(self, text: str) -> Iterator[tuple[int, int, Kind]]:
        """Yield where a name stands in the text as whole words, one after the other."""
        for name, its_kind in self._anywhere.items() if has_no_spaces(text) else ():
            for match in re.finditer(re.escape(name), text):
                yield match.start(), match.end(), its_kind
        runs = [(match.start(), match.end()) for match in RUN.finditer(text)]
        words = [folded(text[start:end]) for start, end in runs]
        for place, word in enumerate(words):
            for length in self._lengths.get(word, ()):
                last = place + length
                kind = self._kinds.get(tuple(words[place:last]))
                if kind is not None and _are_together(text, runs[place:last]):
                    yield runs[place][0], runs[last - 1][1], kind


def folded(text: str) -> str:
    """Return the text in small letters, without accents."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text)
    return "".join(part for part in parts if not unicodedata.combining(part)).casefold()


def _are_together(text: str, runs: list[tuple[int, int]]) -> bool:
    gaps = pairwise(runs)
    return all(GAP.fullmatch(text[before[1] : after[0]]) for before, after in gaps)


def _edges(match: re.Match[str], text: str) -> tuple[int, int]:
    group = "number" if match.re is CHARITY and match["number"] else 0
    start, end = match.span(group)
    while end > start and text[end - 1] in AT_THE_END:
        end -= 1
    return start, end


def _names(version: Version, call: Call) -> Names:
    """Return who gave this response, and who gave others of the call that count.

    Of others, names of one word are left out: too many are words like any other.
    """
    names = Names()
    asked = [q for q in call.questions_in_order if q.identity and q.kind in TEXT_KINDS]
    keys = [q.key for q in asked if q.kind != QuestionKind.EMAIL]
    others = VersionIdentity.objects.filter(
        version__submission__call=call,
        version__submission__state=SubmissionState.SUBMITTED,
        version__submission__current_version=F("version"),
    ).exclude(version__submission=version.submission_id)
    for answers in others.values_list("answers", flat=True).iterator(chunk_size=5_000):
        for name in _given(answers, keys):
            if len(name.split()) > 1:
                names.add(name, Kind.OTHER)
    own = VersionIdentity.objects.filter(version=version).values_list("answers", flat=True).first()
    for key in keys:
        for name in _given(own or {}, [key]):
            if len(name) >= SHORTEST_VALUE:
                names.add(name, Kind.AUTHOR)
            if key == ORGANISATION_NAME:
                continue
            for part in RUN.findall(name):
                if len(part) >= SHORTEST_PART and not any(map(str.isdigit, part)):
                    names.add(part, Kind.AUTHOR)
    return names


def _given(answers: Mapping[str, object], keys: list[str]) -> Iterator[str]:
    for key in keys:
        value = answers.get(key)
        if isinstance(value, str) and value.strip():
            yield value


def _without(
    places: list[tuple[int, int, Kind]], known: list[Redaction]
) -> list[tuple[int, int, Kind]]:
    return [
        (start, end, kind)
        for start, end, kind in places
        if not any(one.start <= start and end <= one.end for one in known)
    ]
