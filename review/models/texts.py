"""The text of files, as the portal read it. The file itself is the evidence."""

from django.db import models
from django.db.models import Q

from review.states import NoText, TextState
from submissions.responses.models.attachments import Attachment


class FileText(models.Model):
    """What the portal read of a file, or why it could read nothing.

    A row that is “being read” for long is of a worker that died. `rules` are those of the reading;
    a row of other rules is made anew.
    """

    attachment = models.OneToOneField(
        Attachment, on_delete=models.CASCADE, primary_key=True, related_name="extracted"
    )
    state = models.CharField(max_length=10, choices=TextState.choices)
    reason = models.CharField(max_length=20, choices=NoText.choices, blank=True)
    text = models.TextField(blank=True)
    is_part = models.BooleanField(default=False, help_text="The file has more text than this.")
    rules = models.PositiveSmallIntegerField()
    tries = models.PositiveSmallIntegerField(default=1)
    at = models.DateTimeField(help_text="Real time, at which reading began.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="review_filetext_state", condition=Q(state__in=TextState.values)
            ),
            models.CheckConstraint(
                name="review_filetext_text_if_read",
                condition=Q(state=TextState.READ, reason="") & ~Q(text="")
                | Q(state=TextState.BEGUN, reason="", text="")
                | Q(state=TextState.NONE, text="") & ~Q(reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"text of {self.attachment}"
