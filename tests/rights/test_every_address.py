"""Each address and each action of the admin, as each role, in one's own call and in another.

docs/permissions.md is written out of what these tests find:
`PORTAL_WRITE_PERMISSIONS=1 script/test tests/rights/test_every_address.py`.
"""

import os
import re
from pathlib import Path

import pytest
from django.contrib import admin
from django.db import transaction
from django.test import Client, RequestFactory

from accounts.models import Membership, User
from accounts.rights import ACTIONS_OF
from accounts.states import Action, Role
from review.models import Review
from submissions.outbox.models import OutboxEmail
from submissions.responses.models import Submission
from tests.makers import make_user
from tests.rights.two_calls import Side, make_people, templates

PAGE = Path(__file__).parents[2] / "docs" / "permissions.md"
GUARDED = ("admin/", "steering/")
PAGES_WITH_BUTTONS = ("/change/", "/review/quote/", "/erasurerequest/person/")
SIGN_IN = ("/admin/login/", "/steering/sign-in/", "/account/sign-in/")
DOORS = {"admin/login/", "admin/logout/", "steering/sign-in/", "steering/sign-out/"}
# Pages of an account that are there for those who are not signed in, and what leads to another.
TO_SIGN_IN = ("sign-in/", "forgotten/", "new-password/", "invitation/", "sso/")
FIRST_STEPS = {"second-factor/code/", "second-factor/passkeys/"}
HEAD = """# Who may do what

The tests write this page (`tests/rights/test_every_address.py`) and compare it with what the portal
does. `accounts/rights.py` decides.

An administrator of the portal is a superuser, and may do everything in every call. Everybody else
has a membership for each call that is theirs, with one role. An administrator can give one person
more or less than the role.

## What each role may do in its call
"""


@pytest.fixture
def world(db, settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path
    boss = User.objects.create_superuser("maker")
    ours, theirs = Side("ours", boss=boss), Side("theirs", boss=boss)
    monkeypatch.setattr("core.clock.portal_now", lambda: ours.at)
    monkeypatch.setattr("exports.asked_for.nudge_exports", lambda: None)
    monkeypatch.setattr("submissions.admin.outbox.nudge_mail", lambda: None)
    return ours, theirs, make_people(ours.call)


def client_of(person):
    """A fresh client; somebody signs in once, which takes as long as a page."""
    client = Client()
    if person is not None:
        if not hasattr(person, "signed_in"):
            client.force_login(person)
            person.signed_in = client.cookies.output(header="", attrs=[])
        client.cookies.load(person.signed_in)
    return client


def ask(person, method, address, data=None):
    """The answer to somebody, with its whole text; nothing of it stays in the database."""
    client = client_of(person)
    before = transaction.savepoint()  # an export refuses to begin within an atomic block
    answer = getattr(client, method)(address, data or {})
    answer.text_of_it = b"".join(answer).decode("utf-8", "replace")
    transaction.savepoint_rollback(before)
    return answer


def is_let_in(answer, address):
    """Whether the address did what it is for; Django leads from a row that is not there away."""
    led = answer.headers.get("Location", "")
    refused = answer.status_code in {403, 404, 405} or led.startswith(SIGN_IN)
    return not refused and led not in {"/admin/", f"{address}change/"}


def is_led_up(answer, address):
    """Whether who opens the address of a button is led to the page that has it."""
    led = answer.headers.get("Location", "")
    # A history that is not kept leads to its row, too.
    if led.endswith(PAGES_WITH_BUTTONS) and not address.endswith("/history/"):
        return address.startswith(led.removesuffix("change/"))
    return led.startswith("/steering/") and led != address and address.startswith(led)


def has_form(page, address):
    """Whether the page has a form that is posted to the page itself."""
    for form in re.findall(r"<form([^>]*)>", page):
        to_itself = f'action="{address}"' in form or f'action="{address}?' in form
        elsewhere = 'action="/' in form and not to_itself
        without_action = "changelist-form" in form and 'name="action"' not in page
        if 'method="post"' in form and not elsewhere and not without_action:
            return True
    return False


def guarded():
    return sorted({t for t in templates() if t.startswith(GUARDED) and t not in DOORS})


def of_ones_own_account():
    """Addresses that are everybody's own who is signed in."""
    pages = {t.removeprefix("account/") for t in templates() if t.startswith("account/")}
    own = {page for page in pages - FIRST_STEPS if not page.startswith(TO_SIGN_IN)}
    return sorted(f"account/{page}" for page in own)


def cells_of_the_page():
    """Template -> role -> cell, as docs/permissions.md has them."""
    head, *rows = re.findall(r"^\| (address|`.*`) \| (.*) \|$", PAGE.read_text("utf-8"), re.M)
    roles = head[1].split(" | ")
    cells = {
        address.strip("`/"): dict(zip(roles, row.split(" | "), strict=True))
        for address, row in rows
    }
    return {t: cells[t.replace("|", "").strip("/")] for t in guarded()}


def is_of_a_call(template):
    """Whether the address names a row of a call, or the call."""
    named = "<" in template and not template.startswith(("admin/r/", "admin/accounts/user/"))
    return named and "admin/nowhere" not in template


def cell_and_page(person, template, side):
    """What the address lets the person do with the side's own row, and the page that it shows."""
    address = side.address(template, person or side.member)
    shown = ask(person, "get", address)
    sees = is_let_in(shown, address) and not is_led_up(shown, address)
    # A page without a form of its own takes nothing, whatever it answers.
    does = not sees or has_form(shown.text_of_it, address)
    does = does and is_let_in(ask(person, "post", address), address)
    return ", ".join(["see"] * sees + ["do"] * does) or "–", shown.text_of_it


def cell(person, template, side):
    return cell_and_page(person, template, side)[0]


def of_the_other(side, page):
    """The marks of the side's call that are on the page."""
    return [mark for mark in side.marks() if mark in page]


def actions_of(model_admin, person):
    request = RequestFactory().get("/")
    request.user = person
    return (
        sorted(model_admin.get_actions(request)) if model_admin.has_view_permission(request) else []
    )


def table(heads, rows):
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def written(found, people):
    """The page, of `found`: template -> person -> cell."""
    rights = table(
        ["", *(str(role.label) for role in Role)],
        [
            [str(action.label), *("yes" if action in ACTIONS_OF[role] else "–" for role in Role)]
            for action in Action
        ],
    )
    who = [name for name in people if name != "nobody"]
    addresses = table(
        ["address", *who],
        [[f"`/{t.replace('|', '')}`", *(found[t][name] for name in who)] for t in found],
    )
    actions = table(
        ["list", "action", *who],
        [
            [
                str(model._meta.verbose_name_plural),
                f"`{name}`",
                *("yes" if name in actions_of(model_admin, people[one]) else "–" for one in who),
            ]
            for model, model_admin in admin.site._registry.items()
            for name in actions_of(model_admin, people["administrator"])
        ],
    )
    return (
        f"{HEAD}\n{rights}\n"
        "## Which addresses let them in\n\n"
        "For the rows of their own call: “see” opens the page, “do” takes what it posts. For rows\n"
        "of another call nobody but an administrator is let in, and no list, count, search or\n"
        "file shows any. Who has not signed in is asked to. Whoever is signed in has the pages of\n"
        "their own account (`/account/`) and of nobody else's. All other addresses are open to\n"
        "everybody alike.\n\n"
        f"{addresses}\n"
        "## Actions of lists in the admin\n\n"
        f"{actions}"
    )


@pytest.mark.timeout(900)  # it opens each page as each role
def test_page_of_permissions_says_what_each_role_may_and_no_page_shows_another_call(world):
    ours, theirs, people = world
    found, shown = {}, {}
    for template in guarded():
        found[template] = {}
        for name, person in people.items():
            found[template][name], page = cell_and_page(person, template, ours)
            if name != "administrator" and (marks := of_the_other(theirs, page)):
                shown[name, template] = marks
    assert shown == {}
    assert {name for cells in found.values() for name in [cells["nobody"]]} == {"–"}
    assert {cells["no membership"] for cells in found.values()} == {"–"}
    text = written(found, people)
    if os.environ.get("PORTAL_WRITE_PERMISSIONS"):
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text


def test_address_of_a_button_leads_to_the_page_that_has_it(world):
    ours, _theirs, people = world
    everybody = people["administrator"]
    buttons = [t for t, cells in cells_of_the_page().items() if cells["administrator"] == "do"]
    elsewhere = []
    for template in buttons:
        address = ours.address(template, everybody)
        if not is_led_up(ask(everybody, "get", address), address):
            elsewhere.append(template)
    assert elsewhere == []
    assert len(buttons) > 20


def test_nobody_of_one_call_is_let_in_to_rows_of_another(world):
    _ours, theirs, people = world
    let_in = {}
    for template, cells in cells_of_the_page().items():
        # Who is refused their own call's rows stands beside the one who has no call.
        able = {name for name, said in cells.items() if said != "–"} - {"administrator"}
        for name in sorted(able | {"no membership"}) if is_of_a_call(template) else ():
            if (said := cell(people[name], template, theirs)) != "–":
                let_in[name, template] = said
    assert let_in == {}


def test_role_in_one_call_gives_nothing_in_another_where_the_role_is_less(world):
    ours, theirs, _people = world
    of_both = make_user(username="of-both")
    for call, role in ((ours.call, Role.MANAGER), (theirs.call, Role.CODER)):
        Membership.objects.create(person=of_both, call=call, role=role)
    differing, asked = {}, 0
    for template, cells in cells_of_the_page().items():
        if is_of_a_call(template) and cells["manager"] != cells["coder"]:
            found = [cell(of_both, template, side) for side in (ours, theirs)]
            if found != [cells["manager"], cells["coder"]]:
                differing[template] = found
            asked += 1
    assert differing == {}
    assert asked > 50


def test_no_page_of_ones_own_account_shows_anything_of_another_call(world):
    ours, theirs, people = world
    shown = {}
    for name, person in people.items():
        if name in {"nobody", "administrator"}:
            continue
        for template in of_ones_own_account():
            page = ask(person, "get", ours.address(template, person)).text_of_it
            if marks := of_the_other(theirs, page):
                shown[name, template] = marks
    assert shown == {}


def test_administrator_is_shown_both_calls(world):
    ours, theirs, people = world
    text = ask(people["administrator"], "get", "/admin/submissions/submission/").text_of_it
    assert ours.response.reference in text
    assert theirs.response.reference in text


def test_search_and_filters_of_lists_find_nothing_of_another_call(world):
    _ours, theirs, people = world
    lists = ["submissions/submission", "submissions/outboxemail", "accounts/auditevent"]
    lists += ["accounts/membership", "submissions/latepass"]
    queries = [
        {"q": theirs.response.reference},
        {"q": "theirs"},
        {"call__id__exact": theirs.call.pk},
        {"actor__id__exact": theirs.member.pk},
    ]
    found = {}
    for name, person in people.items():
        for path in lists:
            for query in queries:
                answer = ask(person, "get", f"/admin/{path}/", query)
                context = answer.context or {}
                if name != "administrator" and answer.status_code == 200 and "cl" in context:
                    shown = context["cl"].result_list
                    if rows := [row.pk for row in shown if row.call_id == theirs.call.pk]:
                        found[name, path, str(query)] = rows
    assert found == {}
    everything = ask(people["administrator"], "get", "/admin/submissions/submission/", queries[0])
    assert [row.pk for row in everything.context["cl"].result_list] == [theirs.response.pk]


def test_search_for_who_answered_knows_no_other_call(world):
    _ours, theirs, people = world
    words = {"call": theirs.call.pk, "words": "theirs@example.org"}
    address = "/admin/submissions/submission/who-answered/"
    for name in ("manager", "data protection"):
        answer = ask(people[name], "post", address, words)
        assert answer.context["form"].errors.keys() == {"call"}
        assert theirs.response.reference not in answer.text_of_it
    found = ask(people["administrator"], "post", address, words)
    assert theirs.response.reference in found.text_of_it


def test_action_of_a_list_leaves_rows_of_another_call(world):
    ours, theirs, people = world
    kept = {}
    for name, person in people.items():
        for model, model_admin in admin.site._registry.items():
            rows = list(model._default_manager.values_list("pk", flat=True))
            path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
            for action in actions_of(model_admin, people["administrator"]):
                data = {"action": action, "_selected_action": rows, "select_across": "1"}
                client = Client()
                with transaction.atomic():
                    if person is not None:
                        client.force_login(person)
                    client.post(path, data | {"post": "yes"})
                    copies = OutboxEmail.objects.filter(resend_of__isnull=False)
                    kept[name, action] = (
                        copies.filter(call=ours.call).count(),
                        copies.filter(call=theirs.call).count(),
                        Submission.objects.count(),
                        Membership.objects.filter(call=theirs.call).count(),
                        Review.objects.filter(submission__call=ours.call).count(),
                        Review.objects.filter(submission__call=theirs.call).count(),
                    )
                    transaction.set_rollback(True)
    as_before = (0, 0, 6, 2, 0, 0)
    expected = dict.fromkeys(kept, as_before)
    expected["manager", "send_chosen_again"] = (1, 0, 6, 2, 0, 0)
    expected["administrator", "send_chosen_again"] = (1, 1, 6, 2, 0, 0)
    expected |= dict.fromkeys([("manager", "flag"), ("reviewer", "flag")], (0, 0, 6, 2, 2, 0))
    expected["administrator", "flag"] = (0, 0, 6, 2, 2, 2)
    assert kept == expected


def test_counts_on_the_first_page_are_of_the_own_calls(world, settings):
    _ours, _theirs, people = world
    OutboxEmail.objects.update(created_at="2019-01-01T00:00:00Z")
    waiting = {
        name: OutboxEmail.objects.filter(
            state="waiting", **({} if name == "administrator" else {"call__slug": "ours-call"})
        ).count()
        for name in ("manager", "administrator")
    }
    assert waiting["manager"] < waiting["administrator"]
    for name, number in waiting.items():
        page = ask(people[name], "get", "/admin/").text_of_it
        assert f"{number} mails have waited" in page
        outbox = ask(people[name], "get", "/admin/submissions/outboxemail/")
        assert outbox.context["health"].waiting == number


def test_what_everybody_may_see_is_the_same_with_and_without_a_role(world):
    ours, _theirs, people = world
    people = {name: people[name] for name in ("nobody", "no membership", "coder", "administrator")}
    own = of_ones_own_account()
    open_to_all = sorted({t for t in templates() if not t.startswith(GUARDED) and t not in own})
    assert len(open_to_all) > 20
    for template in open_to_all:
        codes = {
            ask(one, "get", ours.address(template, one or ours.member)).status_code
            for one in people.values()
        }
        assert len(codes) == 1, template


def test_own_account_is_for_whoever_is_signed_in_and_for_nobody_else(world):
    ours, _theirs, people = world
    people = {name: people[name] for name in ("nobody", "no membership", "coder", "administrator")}
    assert len(of_ones_own_account()) > 10
    for template in of_ones_own_account():
        address = ours.address(template, ours.member)
        for method in ("get", "post"):
            answers = {name: ask(one, method, address) for name, one in people.items()}
            refused = answers.pop("nobody")
            led_away = refused.headers.get("Location", "").startswith(SIGN_IN)
            assert led_away or refused.status_code == 405, (template, refused)
            codes = {answer.status_code for answer in answers.values()}
            assert len(codes) == 1, template


def test_nobody_ends_the_sign_in_of_another(world):
    ours, theirs, people = world
    address = theirs.address("account/sign-ins/<int:pk>/end/", None)
    for person in [ours.member, *people.values()]:
        code = ask(person, "post", address).status_code
        assert code == (302 if person is None else 404)
    assert ask(theirs.member, "get", address).url == "/account/"
