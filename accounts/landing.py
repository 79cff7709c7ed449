"""Which page somebody gets who signs in without having asked for one."""

from django.urls import reverse

from accounts.rights import AT_STEERING, Person, may_enter_admin, may_somewhere


def landing_page(person: Person) -> str:
    """Return the admin for whoever has a task there, or the steering group's pages.

    Somebody without any membership gets the page of their own account.
    """
    if may_enter_admin(person):
        return reverse("admin:index")
    if any(may_somewhere(person, action) for action in AT_STEERING):
        return reverse("steering")
    return reverse("account")
