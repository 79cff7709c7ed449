"""A form for a day and a time in a call's own time zone."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict

from core import clock
from core.spoken_time import zone_words
from core.time_limits import EARLIEST, YEARS_AHEAD, later, latest_moment, moments_of
from submissions.calls.models import Call


class LocalMomentForm(forms.Form):
    """Asks for a local day and time, and puts both as an aware `moment` into the cleaned data.

    It carries the closing time that it was shown with, and is refused once that is another.
    """

    base_etag = forms.CharField(widget=forms.HiddenInput, required=False)

    day = forms.DateField(
        label="Day", widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    time = forms.TimeField(
        label="Time", widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, call: Call, at_first: datetime
    ) -> None:
        self.zone = ZoneInfo(call.timezone)
        local = later(at_first, timedelta(0)).astimezone(self.zone)
        self.closes_at = call.closes_at.isoformat()
        self.last_change = call.closing_changes.select_related("by").first()
        self.closes_in_words = call.closes_in_words
        shown = {"day": local.date(), "time": local.time(), "base_etag": self.closes_at}
        super().__init__(data, initial=shown)
        self.fields["time"].help_text = f"In {zone_words(call.timezone)}."

    def clean_day(self) -> date:
        """Refuse a day so far away that no time of it can be meant, or even counted with."""
        day: date = self.cleaned_data["day"]
        latest = latest_moment(clock.portal_now()).astimezone(self.zone).date()
        if not EARLIEST.date() <= day <= latest:
            raise forms.ValidationError(
                f"Enter a day from {EARLIEST.year} on and within {YEARS_AHEAD} years from now."
            )
        return day

    def clean(self) -> dict[str, Any]:
        super().clean()
        cleaned = self.cleaned_data
        if cleaned.get("base_etag") != self.closes_at:
            data = cast("QueryDict", self.data).copy()
            data["base_etag"] = self.closes_at
            self.data = data
            raise forms.ValidationError(
                f"{self._who()} changed the closing time while this page was open: it is "
                f"{self.closes_in_words}. What you typed is below. Save again if it still holds."
            )
        if "day" in cleaned and "time" in cleaned:
            moments = moments_of(datetime.combine(cleaned["day"], cleaned["time"]), self.zone)
            if len(moments) != 1:
                raise forms.ValidationError("The clocks change then: choose another time.")
            cleaned["moment"] = moments[0]
        return cleaned

    def _who(self) -> str:
        change = self.last_change
        if change is None or change.by is None or change.after.isoformat() != self.closes_at:
            return "Somebody else"
        return change.by.get_username()
