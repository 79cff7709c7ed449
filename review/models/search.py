"""By which words each response is found. What is found is read from the response itself."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Func

from submissions.calls.models.calls import Call
from submissions.responses.models.responses import Submission, Version


class SearchEntry(models.Model):
    """The words of a response that was submitted, for the search of staff.

    `words` are those of its answers, of the labels of its choices and of the notes on it. `files`
    are those of its files, apart, because not everybody who reads a response may open its files.
    An entry is made anew where it is stale, of another version, of other labels or other rules.

    `is_redacted`: words of the response are hidden. Readers who may not see these find it by the
    vectors `_outside` alone, which are empty until they are written without the hidden words.
    """

    submission = models.OneToOneField(
        Submission, on_delete=models.CASCADE, primary_key=True, related_name="search_entry"
    )
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="+")
    labels = models.CharField(max_length=16, help_text="Digest of the labels of the call.")
    rules = models.PositiveSmallIntegerField()
    is_stale = models.BooleanField(default=False)
    words = SearchVectorField()
    files = SearchVectorField(null=True)
    is_redacted = models.BooleanField(default=False)
    words_outside = SearchVectorField(null=True)
    files_outside = SearchVectorField(null=True)

    class Meta:
        indexes = [
            # The function's price keeps the planner from reading the vectors themselves.
            GinIndex(Func(F("words"), function="submissions_indexed"), name="review_search_words"),
            GinIndex(Func(F("files"), function="submissions_indexed"), name="review_search_files"),
            GinIndex(
                Func(F("words_outside"), function="submissions_indexed"),
                name="review_search_words_outside",
            ),
            GinIndex(
                Func(F("files_outside"), function="submissions_indexed"),
                name="review_search_files_outside",
            ),
        ]

    def __str__(self) -> str:
        return f"words of {self.submission_id}"
