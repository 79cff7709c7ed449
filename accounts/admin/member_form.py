"""The form of a membership: a manager types whom they mean, and is shown no list of people."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet

from accounts.memberships import may_manage
from accounts.models import Membership, User
from accounts.states import Action
from accounts.usernames import whose_is
from core.admin.edit_conflicts import ConflictCheckedForm


class MembershipForm(ConflictCheckedForm):
    """`by` is who fills it in, `calls` are those whose memberships they manage."""

    by: User
    calls: QuerySet[Any]
    typed_person = forms.CharField(
        label="Person",
        max_length=254,
        help_text="Of somebody who signs in here already: their username or email address. "
        "An administrator invites new people.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    also = forms.MultipleChoiceField(
        choices=Action.choices,
        required=False,
        label="May also",
        widget=forms.CheckboxSelectMultiple,
        help_text="What this person may do beyond the role.",
    )
    without = forms.MultipleChoiceField(
        choices=Action.choices,
        required=False,
        label="May not",
        widget=forms.CheckboxSelectMultiple,
        help_text="What this person may not do, although the role allows it.",
    )

    class Meta:
        model = Membership
        fields = ("call", "role", "wants_digest", "also", "without")
        help_texts = {
            "wants_digest": "A mail each morning with the call's numbers, from its opening until "
            "two weeks after its closing. The person needs the right to get the digest, and an "
            "email address."
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk is not None:
            self.fields.pop("typed_person", None)
        call = self.fields.get("call")
        if isinstance(call, forms.ModelChoiceField):
            call.queryset = self.calls

    def clean_typed_person(self) -> User:
        typed = self.cleaned_data["typed_person"].strip()
        named = whose_is(typed)
        either = Q(pk=named.pk if named else None) | Q(email__iexact=typed)
        found = User.objects.filter(either, is_active=True)
        people = list(found[:2])
        if len(people) != 1:
            raise ValidationError(
                "Several people have this email address. Enter the username."
                if people
                else "Nobody signs in with this username or email address. "
                "An administrator invites new people."
            )
        return people[0]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        both = set(cleaned.get("also", ())) & set(cleaned.get("without", ()))
        if both:
            # Beside the field, or the database's own rule would be named as well.
            self.add_error("without", "Tick each right in one of the two lists only.")
        person, call = cleaned.get("typed_person"), cleaned.get("call")
        if person is None or call is None:
            return cleaned
        # As `memberships.give` does: of two people who give one at once, the second is told here.
        User.objects.select_for_update(no_key=True).get(pk=person.pk)
        if not may_manage(self.by, person=person, call=call):
            self.add_error("typed_person", "You may not manage this person's membership.")
        elif Membership.objects.filter(person=person, call=call).exists():
            self.add_error("typed_person", "This person is a member of the call already.")
        else:
            self.instance.person = person
        return cleaned
