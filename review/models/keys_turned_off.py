"""Who turned the keys of the pages for reading off."""

from django.conf import settings
from django.db import models


class KeysTurnedOff(models.Model):
    """That the pages for reading have no keys for this person, in whichever browser."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )

    def __str__(self) -> str:
        return f"no keys for {self.person}"
