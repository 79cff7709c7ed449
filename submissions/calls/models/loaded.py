"""What the definition of a call last said of the words that staff can change."""

from django.db import models

from submissions.calls.models.calls import Call


class LoadedWording(models.Model):
    """The words of the definition that was loaded last, by their paths.

    A call that was loaded before there was this table has no row.
    """

    call = models.OneToOneField(Call, on_delete=models.CASCADE, related_name="loaded_wording")
    words = models.JSONField(help_text="Path, such as call.summary, and text.")

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"loaded wording {self.pk}"
