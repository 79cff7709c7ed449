"""The filters of the quote bank."""

from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.http import HttpRequest

from accounts.current_user import current_user
from accounts.models import User
from review.admin.response_filters import Choices, OneOf, calls_read, chosen_call
from review.coding.samples import seen_by
from review.coding.tree import tree
from review.findings.visible_passages import seen_by as passages_seen_by
from review.models import BlindMark, Coding, FindingPassage, Quote
from review.quotes.consent import standing_of_each
from review.quotes.quote_words import of_the_outer_quote, with_responses
from review.quotes.quote_words import seen_by as quotes_seen_by
from review.quotes.roles import role_question
from submissions.calls.models import Call, Question
from submissions.calls.states import MULTIPLE_KINDS


class OfCall(OneOf):
    """A filter of what the chosen call has; another call's quotes are not narrowed by it."""

    call: Call | None = None

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        self.reader = current_user(request)
        self.call = chosen_call(request, calls_read(request))
        return self.offered(self.call) if self.call else []

    def offered(self, call: Call) -> Choices:
        raise NotImplementedError


class CodeFilter(OfCall):
    title = "code"
    parameter_name = "code"

    def offered(self, call: Call) -> Choices:
        return [(str(one.code.pk), one.path) for one in tree(call)]

    def narrowed(self, queryset: QuerySet) -> QuerySet:
        chosen = self.value()
        if chosen is None:
            return queryset
        codings = seen_by(Coding.objects.filter(code=int(chosen)), self.reader)
        return queryset.filter(Exists(of_the_outer_quote(codings)))


class RoleFilter(OfCall):
    title = "role"
    parameter_name = "role"
    question: Question | None = None

    def offered(self, call: Call) -> Choices:
        self.question = role_question(call)
        return list(self.question.option_labels.items()) if self.question else []

    def narrowed(self, queryset: QuerySet) -> QuerySet:
        if self.value() is None or self.question is None:
            return queryset
        answer = f"version__submission__current_version__choices__{self.question.key}"
        if self.question.kind in MULTIPLE_KINDS:
            return queryset.filter(**{f"{answer}__contains": [self.value()]})
        return queryset.filter(**{f"{answer}__exact": self.value()})


class QuestionFilter(OfCall):
    title = "question"
    parameter_name = "question"

    def offered(self, call: Call) -> Choices:
        quotes = quotes_seen_by(Quote.objects.filter(call=call), self.reader)
        quoted = set(quotes.order_by().values_list("question", flat=True).distinct())
        return [(one.key, one.label) for one in call.questions_in_order if one.pk in quoted]

    def narrowed(self, queryset: QuerySet) -> QuerySet:
        return queryset.filter(question__key=self.value()) if self.value() else queryset


class MarkedByFilter(OneOf):
    title = "marked by"
    parameter_name = "by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        self.reader = current_user(request)
        calls = [call.pk for call in calls_read(request)]
        quotes = quotes_seen_by(Quote.objects.filter(call__in=calls), self.reader).order_by()
        marking = Q(pk__in=quotes.filter(own_at=None).values("by"))
        if quotes.filter(self._own).exists():
            marking |= Q(pk=self.reader.pk)
        people = User.objects.filter(marking).order_by("username")
        return [(str(one.pk), one.get_username()) for one in people]

    def narrowed(self, queryset: QuerySet) -> QuerySet:
        """Narrow what `quote_words.seen_by` found."""
        chosen = self.value()
        if chosen is None:
            return queryset
        by = Q(by=chosen, own_at=None)
        return queryset.filter(by | self._own if chosen == str(self.reader.pk) else by)

    @property
    def _own(self) -> Exists:
        return Exists(BlindMark.objects.filter(quote=OuterRef("pk"), by=self.reader))


class UseFilter(OneOf):
    title = "used in findings"
    parameter_name = "used"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        self.reader = current_user(request)
        return [("yes", "In a finding"), ("no", "In none")]

    def narrowed(self, queryset: QuerySet) -> QuerySet:
        if self.value() is None:
            return queryset
        passages = passages_seen_by(FindingPassage.objects.all(), self.reader)
        used = Exists(passages.filter(quote=OuterRef("pk")))
        return queryset.filter(used if self.value() == "yes" else ~used)


class QuotingFilter(OneOf):
    """What may be quoted now; it is asked of each quote, as consent is."""

    title = "quoting"
    parameter_name = "quoting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [("yes", "May be quoted"), ("no", "Cannot be quoted"), ("later", "Amended since")]

    def narrowed(self, queryset: QuerySet) -> QuerySet:
        if self.value() is None:
            return queryset
        current = F("version__submission__current_version")
        if self.value() == "later":
            return queryset.exclude(version=current)
        quotes = Quote.objects.filter(pk__in=queryset.order_by().values("pk"))
        standing = standing_of_each(list(with_responses(quotes)))
        wanted = self.value() == "yes"
        keys = [key for key, one in standing.items() if (one.why_not is None) == wanted]
        return queryset.filter(pk__in=keys)
