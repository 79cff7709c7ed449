"""The forms of a call's words, which know from the record who changed them last."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q

from accounts.models import AuditEvent
from accounts.states import AuditAction
from core.admin.edit_conflicts import SOMEBODY, ConflictCheckedForm
from submissions.calls.models import Call
from submissions.definitions.wording import OF_A_QUESTION, OF_A_SECTION


class CallForm(ConflictCheckedForm):
    def changed_by(self, name: str) -> str:
        return last_changed_by(self.instance, name)


class WordingForm(ConflictCheckedForm):
    """The words of a role, a section or a question."""

    def changed_by(self, name: str) -> str:
        row = self.instance
        return last_changed_by(row.call, f"{row._meta.model_name} {row.key}: {name}")

    def clean(self) -> dict[str, Any] | None:
        """Refuse words that were typed before somebody began to answer, and posted after that."""
        cleaned = super().clean()
        for name in {*OF_A_SECTION, *OF_A_QUESTION} - self.fields.keys():
            typed = self.data.get(self.add_prefix(name))
            if typed is not None and typed != self.data.get(self.add_initial_prefix(name)):
                raise ValidationError(
                    f"Somebody has begun to answer, so the words stay. You typed “{typed}”."
                )
        return cleaned


def last_changed_by(call: Call, field: str) -> str:
    """Return who changed the field last; `field` is its name on record."""
    event = (
        AuditEvent.objects.filter(
            Q(action=AuditAction.CALL_CHANGED, detail__fields__contains=[field])
            | Q(action=AuditAction.CALL_LOADED, detail__outcome="changed"),
            call=call,
        )
        .select_related("actor")
        .first()
    )
    if event is None:
        return SOMEBODY
    return event.actor.get_username() if event.actor else "A new load of the definition"
