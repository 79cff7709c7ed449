"""How and when a response came that staff enter."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from core import spoken_time
from core.spoken_time import zone_words
from core.time_limits import EARLIEST, is_day_to_enter, moments_of
from submissions.calls.models import Call
from submissions.responses.entering import Came
from submissions.responses.etags import etag
from submissions.responses.models import Entry
from submissions.responses.states import Acknowledgement, Channel

WHICH = "which"  # of the two: a field that is there where the clocks go back over the time
CHANNELS = [(one.value, one.label) for one in Channel if one != Channel.WEB]


class EntryForm(forms.Form):
    """Asks for the channel and the moment, and puts that (aware) as `moment` in the cleaned data.

    `latest` is the last moment at which it can have come.
    """

    channel = forms.ChoiceField(label="How it came", choices=CHANNELS)
    day = forms.DateField(
        label="Day on which it came",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    time = forms.TimeField(
        label="Time at which it came",
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
    )
    acknowledgement = forms.ChoiceField(
        label="Tell its author the reference", choices=Acknowledgement.choices
    )
    their_reference = forms.CharField(
        label="A number that it came with, or has in your files",
        max_length=100,
        required=False,
    )
    base_etag = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        call: Call,
        latest: datetime,
        entry: Entry | None = None,
    ) -> None:
        self.zone, self.latest = ZoneInfo(call.timezone), latest
        self.too_late = "Enter a day and time that have passed."
        if entry is not None:
            begun = spoken_time.say_moment(latest, call.timezone)
            self.too_late = (
                f"Enter a day and time before {begun}, when somebody began to enter it here."
            )
        self.etag = "" if entry is None else etag_of(entry)
        shown: dict[str, Any] = {"base_etag": self.etag}
        if entry is not None:
            local = entry.received_at.astimezone(self.zone)
            twice = len(moments_of(local.replace(tzinfo=None), self.zone)) > 1
            shown |= {
                **({WHICH: local.fold} if twice else {}),
                "channel": entry.submission.channel,
                "day": local.date(),
                "time": local.time(),
                "acknowledgement": entry.acknowledgement,
                "their_reference": entry.their_reference,
            }
        super().__init__(data, initial=shown)
        if WHICH in (shown if data is None else data):
            self._ask_which()
        self.fields["time"].help_text = (
            f"In {zone_words(call.timezone)}. It judges whether the response came before the "
            "deadline. If the post brings no time, enter when it was opened."
        )

    def clean_day(self) -> date:
        return checked_day(self.cleaned_data["day"])

    def clean(self) -> dict[str, Any]:
        super().clean()
        cleaned = self.cleaned_data
        if "day" in cleaned and "time" in cleaned:
            moments = moments_of(datetime.combine(cleaned["day"], cleaned["time"]), self.zone)
            if not moments:
                raise forms.ValidationError("The clocks go forward then, and skip this time.")
            if len(moments) > 1 and not cleaned.get(WHICH):
                self._ask_which()
                raise forms.ValidationError(
                    "The clocks go back then, and this time comes twice. Choose which it was."
                )
            second = len(moments) > 1 and cleaned[WHICH] == "1"
            cleaned["moment"] = moments[second]
            if cleaned["moment"] > self.latest:
                raise forms.ValidationError(self.too_late)
        return cleaned

    def _ask_which(self) -> None:
        self.fields[WHICH] = forms.ChoiceField(
            label="Which of the two times it was",
            choices=[
                ("", "Choose one"),
                ("0", "The first, before the clocks went back"),
                ("1", "The second, after they had gone back"),
            ],
            required=False,
        )
        self.order_fields(["channel", "day", "time", WHICH])

    @property
    def came(self) -> Came:
        """How and when it came, once the form is valid."""
        given = self.cleaned_data
        return Came(
            channel=Channel(given["channel"]),
            received_at=given["moment"],
            acknowledgement=Acknowledgement(given["acknowledgement"]),
            their_reference=given["their_reference"],
        )

    @property
    def is_outdated(self) -> bool:
        """Whether somebody else changed the same meanwhile."""
        return self.data.get("base_etag", "") != self.etag


def checked_day(day: date) -> date:
    """Return a day on which something may have come. Raises ValidationError."""
    if not is_day_to_enter(day):
        raise forms.ValidationError(f"Enter a day from {EARLIEST.year} on that has passed.")
    return day


def etag_of(entry: Entry) -> str:
    return etag(
        [
            entry.submission.channel,
            entry.received_at.isoformat(),
            entry.acknowledgement,
            entry.their_reference,
        ]
    )
