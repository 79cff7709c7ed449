"""A form for a day and a time in a call's own time zone."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from core import clock
from core.spoken_time import zone_words
from core.time_limits import EARLIEST, YEARS_AHEAD, later, latest_moment
from submissions.calls.models import Call


class LocalMomentForm(forms.Form):
    """Asks for a local day and time, and puts both as an aware `moment` into the cleaned data."""

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
        super().__init__(data, initial={"day": local.date(), "time": local.time()})
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
        if "day" in cleaned and "time" in cleaned:
            local = datetime.combine(cleaned["day"], cleaned["time"])
            moments = {
                local.replace(tzinfo=self.zone, fold=fold).astimezone(UTC) for fold in (0, 1)
            }
            # When the clocks change, an hour is skipped or comes twice (PEP 495).
            if len(moments) > 1:
                raise forms.ValidationError("The clocks change then: choose another time.")
            cleaned["moment"] = moments.pop()
        return cleaned
