"""What the page of a response shows of its codings, and what its coder chooses from."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Max
from django.http import HttpRequest

from accounts.current_user import current_user
from accounts.models import User
from accounts.rights import may
from accounts.states import Action
from core.admin.uk_time import in_uk_time
from review.admin.beside import OPEN_SAMPLE, QUOTES, REDACTIONS, may_have
from review.admin.coding_source import Source
from review.admin.listed import CameFrom
from review.admin.memos.about import address_to_write_on
from review.admin.quotes.beside import ShownQuote, of_source, quotes_of_version
from review.admin.reading_faster.links import of_passage, similar_address
from review.admin.shortening import shorten
from review.coding.carrying import CarryingOver, carrying_over
from review.coding.codings import can_be_coded, quote
from review.coding.pieces import CodedPassage, Piece, pieces, with_hidden
from review.coding.places_in_text import Passage, sentences, to_utf16
from review.coding.samples import is_done_with, undone_by
from review.coding.tree import CodeInTree, tree
from review.models import Code, Coding, FileText, Redaction, SampledResponse
from review.redaction.marks import hidden_passages, marked_redactions, of_text
from review.redaction.readable_texts import (
    answers_for,
    file_text_for,
    readable_quotes,
    sees_redacted,
)
from submissions.calls.models import Call
from submissions.responses.models import Submission, Version
from submissions.responses.states import SubmissionState

LAYER = "layer"
CODE, TAKE_AWAY, REDACT = "code", "uncode", "redact"  # the pages' names
ALL, OWN = "all", "own"
MOST_SENTENCES = 5_000
MOST_RECENT = 9  # each has a key


@dataclass(frozen=True)
class ShownCoding:
    coding: Coding
    quote: str
    by: str
    when: str
    is_own: bool
    memo_address: str
    similar_address: str


@dataclass(frozen=True)
class CodedAnswer:
    """A text with its codings and quotes. `sentences` count UTF-16 code units: "0-9 10-34"."""

    source: Source
    pieces: list[Piece]
    codings: list[ShownCoding]
    quotes: list[tuple[ShownQuote, str]]
    sentences: str
    address: str
    take_away_address: str
    redact_address: str
    redactions: list[Redaction]
    similar_address: str

    @property
    def lines(self) -> int:
        return max((mark.line for piece in self.pieces for mark in piece.marks), default=0)

    @property
    def codes(self) -> int:
        return len({shown.coding.code_id for shown in self.codings})


@dataclass(frozen=True)
class Recent:
    number: int
    code: Code


class CodingPage:
    """`layer` is ALL, or OWN for the reader's codings alone; each query runs when asked for."""

    def __init__(
        self, *, version: Version, call: Call, reader: User, layer: str, came_from: CameFrom
    ) -> None:
        self.version, self.call, self.reader = version, call, reader
        self._layer, self._came_from = layer, came_from

    @cached_property
    def sampled(self) -> list[SampledResponse]:
        """The places of the response in open samples that the reader codes and is not done with."""
        if not may_have(self.version.submission, OPEN_SAMPLE):
            return []
        places = undone_by(self.reader).filter(submission=self.version.submission_id)
        return list(places.select_related("sample").order_by("pk"))

    @property
    def is_blind(self) -> bool:
        return any(one.sample.is_blind for one in self.sampled)

    @cached_property
    def is_done(self) -> bool:
        """Whether the reader's codings stand until a sample is closed."""
        response = self.version.submission
        return may_have(response, OPEN_SAMPLE) and is_done_with(self.reader, response)

    @property
    def layer(self) -> str:
        return OWN if self.is_blind else self._layer

    @property
    def may_code(self) -> bool:
        """Whether the reader codes this version: the latest of a response that counts."""
        response = self.version.submission
        return (
            may(self.reader, Action.CODE, self.call)
            and response.state == SubmissionState.SUBMITTED
            and response.current_version_id == self.version.pk
            and not self.is_done
        )

    @cached_property
    def codings(self) -> list[Coding]:
        """Every coding of the version that the reader may see, in the order of the text."""
        rows = Coding.objects.filter(version=self.version).select_related(
            "code", "by", "question", "file_text__attachment"
        )
        rows = rows.defer("file_text__text")
        if not may(self.reader, Action.OPEN_FILES, self.call):
            rows = rows.filter(file_text=None)
        if self.is_blind:
            rows = rows.filter(by=self.reader)
        return list(rows.order_by("start", "end", "code__name", "pk"))

    @cached_property
    def quotes(self) -> list[ShownQuote]:
        if not may_have(self.version.submission, QUOTES):
            return []
        return quotes_of_version(self.version, reader=self.reader)

    @cached_property
    def shown(self) -> list[Coding]:
        if self.layer == ALL:
            return self.codings
        return [coding for coding in self.codings if coding.by_id == self.reader.pk]

    @property
    def hidden(self) -> int:
        return len(self.codings) - len(self.shown)

    @property
    def coders(self) -> list[tuple[str, int]]:
        """Who coded this version, and how many passages each."""
        return sorted(Counter(coding.by.get_username() for coding in self.codings).items())

    @cached_property
    def codes(self) -> list[CodeInTree]:
        return [one for one in tree(self.call) if not one.code.is_retired]

    @cached_property
    def recent(self) -> list[Recent]:
        """The codes that the reader used last in the call, the last one first."""
        codes = Code.objects.filter(
            call=self.call, is_retired=False, codings__by=self.reader
        ).annotate(used=Max("codings__at"))
        latest = codes.order_by("-used", "-pk")[:MOST_RECENT]
        return [Recent(number, code) for number, code in enumerate(latest, 1)]

    @cached_property
    def carrying_over(self) -> CarryingOver:
        """What the reader can carry over from an earlier version."""
        if not self.may_code:
            return CarryingOver()
        return carrying_over(self.version, by=self.reader)

    @cached_property
    def sees_redacted(self) -> bool:
        return sees_redacted(self.reader, self.call)

    @cached_property
    def texts(self) -> Mapping[str, str]:
        """The text answers as the reader may see them."""
        return answers_for(self.reader, self.version, self.call)

    @cached_property
    def redactions(self) -> list[Redaction]:
        """The redactions that the page marks."""
        if not may_have(self.version.submission, REDACTIONS):
            return []
        return list(marked_redactions(self.version))

    @property
    def may_redact(self) -> bool:
        """Whether the reader proposes to hide passages of this version."""
        response = self.version.submission
        return (
            may(self.reader, Action.REDACT, self.call)
            and self.sees_redacted
            and response.state == SubmissionState.SUBMITTED
            and response.current_version_id == self.version.pk
        )

    @cached_property
    def lost(self) -> list[tuple[str, str, bool]]:
        """Those that cannot be carried over: the code, the words, and whether some are hidden.

        They are hidden from readers outside the team; a reader who does not see them has “█”.
        """
        readable = readable_quotes(self.carrying_over.lost)
        found = []
        for one in self.carrying_over.lost:
            words = quote(one) if self.sees_redacted else readable[one.pk]
            found.append((one.code.name, shorten(words), words != readable[one.pk]))
        return found

    @property
    def last(self) -> Coding | None:
        """What the reader coded last here, which Undo takes away."""
        own = [coding for coding in self.codings if coding.by_id == self.reader.pk]
        return max(own, key=lambda coding: (coding.at, coding.pk), default=None)

    @property
    def undo_address(self) -> str:
        last = self.last
        source = Source(last.question, "", last.file_text) if last else None
        return source.address(TAKE_AWAY, self.version.submission, self._came_from) if source else ""

    def answer(self, key: str) -> CodedAnswer | None:
        """Return the answer to the question; None if it has no text that can be coded."""
        question = self.call.questions_by_key.get(key)
        if question is None or not can_be_coded(question, self.version):
            return None
        return self.coded(Source(question, self.texts[key]))

    def file(self, file_text: FileText) -> CodedAnswer | None:
        """Return what was read of the file; None for the original of an entered response."""
        question = file_text.attachment.question
        if question is None:
            return None
        text = file_text_for(self.reader, file_text, self.call)
        return self.coded(Source(question, text, file_text))

    def coded(self, source: Source) -> CodedAnswer:
        text = source.text
        codings = [coding for coding in self.shown if source.has(coding)]
        passages = [CodedPassage(one.code_id, Passage(one.start, one.end)) for one in codings]
        places = to_utf16(text, _by_sentence(text)) if self.may_code else []
        response = self.version.submission
        redactions = of_text(self.redactions, source.question, source.file_text)
        similar = self._similar(source)
        return CodedAnswer(
            source=source,
            pieces=with_hidden(
                pieces(text, passages), hidden_passages(redactions, sees=self.sees_redacted)
            ),
            codings=[self._show(coding, source, similar) for coding in codings],
            quotes=of_source(self.quotes, source),
            sentences=" ".join(f"{start}-{end}" for start, end in places),
            address=source.address(CODE, response, self._came_from),
            take_away_address=source.address(TAKE_AWAY, response, self._came_from),
            redact_address=source.address(REDACT, response, self._came_from),
            redactions=redactions if self.sees_redacted else [],
            similar_address=similar,
        )

    def _similar(self, source: Source) -> str:
        """Return the page of passages like one of the text; "" for a response that is withdrawn."""
        response = self.version.submission
        if response.state != SubmissionState.SUBMITTED:
            return ""
        return similar_address(
            response,
            source.question.key,
            version=self.version.number,
            file_text=source.file_text,
            came_from=self._came_from,
        )

    def _show(self, coding: Coding, source: Source, similar: str) -> ShownCoding:
        passage = Passage(coding.start, coding.end)
        return ShownCoding(
            coding=coding,
            quote=shorten(passage.quote(source.text)),
            by=coding.by.get_username(),
            when=in_uk_time(coding.at),
            is_own=coding.by_id == self.reader.pk,
            memo_address=address_to_write_on(self.version, source, passage),
            similar_address=of_passage(similar, passage) if similar else "",
        )


def _by_sentence(text: str) -> list[Passage]:
    """Return the sentences; none where they are too many to go through one by one."""
    found = sentences(text)
    return found if len(found) <= MOST_SENTENCES else []


def coding_page(request: HttpRequest, response: Submission, version: Version) -> CodingPage:
    """Return what the reader sees of the codings of the version; the address may set the layer."""
    wanted = request.GET.get(LAYER, "")
    if wanted in {ALL, OWN}:
        request.session[LAYER] = wanted
    reader = current_user(request)
    codes = may(reader, Action.CODE, response.call_id)
    layer = request.session.get(LAYER, OWN) if codes else ALL
    version.submission = response
    return CodingPage(
        version=version,
        call=response.call,
        reader=reader,
        layer=layer,
        came_from=CameFrom.of(request),
    )


def shown_codings(
    request: HttpRequest, response: Submission, version: Version | None, *, is_compared: bool
) -> dict[str, Any]:
    """Return the codings for the page of a response; none while it compares two versions."""
    if version is None or is_compared or response.is_erased:
        return {}
    return {"coding": coding_page(request, response, version)}
