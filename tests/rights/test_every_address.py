"""Each address and each action of the admin, as each role, in one's own call and in another.

docs/permissions.md is written out of what these tests find:
`PORTAL_WRITE_PERMISSIONS=1 script/test tests/rights/test_every_address.py`.
"""

import logging
import os
import re
from contextlib import contextmanager
from copy import copy
from pathlib import Path

import pytest
from django.contrib import admin
from django.db import transaction
from django.http import HttpResponseForbidden, HttpResponseNotFound
from django.template import loader
from django.template.response import SimpleTemplateResponse
from django.test import Client, RequestFactory
from django.test.client import ClientHandler

from accounts import signed_in
from accounts.models import AuditEvent, Membership, User
from accounts.rights import ACTIONS_OF
from accounts.states import Action, Role
from review.models import Review
from submissions.outbox.models import OutboxEmail
from submissions.responses.models import Submission
from submissions.responses.models.attachments import private_storage
from tests.makers import just_signed_in, make_user
from tests.rights.two_calls import Side, make_people, templates

PAGE = Path(__file__).parents[2] / "docs" / "permissions.md"
GUARDED = ("admin/", "steering/")
PAGES_WITH_BUTTONS = ("/change/", "/review/quote/", "/erasurerequest/person/")
SIGN_IN = ("/admin/login/", "/steering/sign-in/", "/account/sign-in/")
SIGN_IN_OF = {"admin": "admin/login/", "steering": "steering/sign-in/"}
STORY = "ours story"
NOT_MEMBERS = ("nobody", "no membership")
ROLES = ("manager", "reviewer", "data protection", "coder", "steering member")
ABLEST_FIRST = ("nobody", *ROLES, "no membership", "administrator")
DOORS = {"admin/login/", "admin/logout/", "steering/sign-in/", "steering/sign-out/"}
# Pages of an account that are there for those who are not signed in, and what leads to another.
TO_SIGN_IN = ("sign-in/", "forgotten/", "new-password/", "invitation/", "sso/")
FIRST_STEPS = {"second-factor/code/", "second-factor/passkeys/"}
HANDLER = ClientHandler(enforce_csrf_checks=False)  # made once, not for each client
HEAD = """# Who may do what

The tests write this page (`tests/rights/test_every_address.py`) and compare it with what the portal
does. `accounts/rights.py` decides.

An administrator of the portal is a superuser, and may do everything in every call. Everybody else
has a membership for each call that is theirs, with one role. An administrator can give one person
more or less than the role.

## What each role may do in its call
"""


@pytest.fixture(scope="module")
def made(django_db_setup, django_db_blocker, tmp_path_factory):
    """Two calls, and people who are signed in, by their names."""
    with (
        pytest.MonkeyPatch.context() as patch,
        django_db_blocker.unblock(),
        transaction.atomic(),
    ):
        patch.setattr(private_storage(), "location", str(tmp_path_factory.mktemp("media")))
        boss = User.objects.create_superuser("maker")
        ours, theirs = Side("ours", boss=boss), Side("theirs", boss=boss)
        patch.setattr("core.clock.portal_now", lambda: ours.at)
        patch.setattr("exports.asked_for.nudge_exports", lambda: None)
        patch.setattr("submissions.admin.outbox.nudge_mail", lambda: None)
        # Thousands of refusals would be written out with where they come from.
        patch.setattr(logging.getLogger("django.request"), "disabled", True)
        # All refusals have one page, which names no row.
        for refusal in (HttpResponseForbidden, HttpResponseNotFound):
            handler = f"evidence_portal.urls.handler{refusal.status_code}"
            patch.setattr(handler, lambda *_, its=refusal, **__: its())
        patch.setattr(signed_in, "_signed_in", known_person)
        people = make_people(ours.call)
        of_both = make_user(username="of-both")
        for call, role in ((ours.call, Role.MANAGER), (theirs.call, Role.CODER)):
            Membership.objects.create(person=of_both, call=call, role=role)
        for person in (*people.values(), ours.member, theirs.member, of_both):
            if person is not None:
                person.cookie = sign_in(person)
        yield ours, theirs, people, of_both
        transaction.set_rollback(True)


@pytest.fixture
def world(made, db):
    """What was made for all tests; what one of them adds ends with it."""
    *sides, people, of_both = made
    ours, theirs = (copy(side) for side in sides)
    for side in (ours, theirs):
        side.runs, side.tokens = {**side.runs}, {**side.tokens}
    return ours, theirs, people, of_both


def sign_in(person):
    client = Client()
    client.force_login(person)
    session = client.session
    session.update(just_signed_in(person))
    session.save()
    return client.cookies.output(header="", attrs=[])


def known_person(request, *, asked=signed_in._signed_in):
    """Who asks, without reading it from their session; pages of their account read it."""
    person = request.META.get("person")
    if person is None or not request.path.startswith(tuple(f"/{area}" for area in GUARDED)):
        return asked(request)
    person = copy(person)
    person.rights_by_call = None  # each request reads the memberships anew
    return person


def client_of(person):
    client = Client(person=person)
    client.handler = HANDLER
    if person is not None:
        client.cookies.load(person.cookie)
    return client


def ask(person, method, address, data=None):
    """The answer to somebody, with its whole text; nothing of it stays in the database."""
    client = client_of(person)
    before = transaction.savepoint()  # an export refuses to begin within an atomic block
    answer = getattr(client, method)(address, data or {})
    answer.text_of_it = b"".join(answer).decode("utf-8", "replace")
    if " story" in answer.text_of_it:
        events = AuditEvent.objects.filter(actor=person)  # nothing else of theirs is on record
        answer.on_record = str(list(events.values_list("submission__reference", "detail")))
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


@contextmanager
def undrawn():
    """Pages are answered, but stay empty: of what somebody posts the answer's status tells all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loader, "render_to_string", lambda *_, **__: "")  # `render` asks it
        patch.setattr(SimpleTemplateResponse, "rendered_content", "")
        yield


def cell_and_answers(person, template, side, *, posts_anyway=True):
    """What the address lets the person do with the side's own row, and what it answered.

    Who is refused the page is asked to post all the same, if `posts_anyway`.
    """
    address = side.address(template, person or side.member)
    answers = [ask(person, "get", address)]
    sees = is_let_in(answers[0], address) and not is_led_up(answers[0], address)
    # A page without a form of its own takes nothing, whatever it answers.
    does = not sees or has_form(answers[0].text_of_it, address)
    if answers[0].status_code in {403, 404}:
        does = posts_anyway
    if does:
        with undrawn():
            answers.append(ask(person, "post", address))
        does = is_let_in(answers[1], address)
    return ", ".join(["see"] * sees + ["do"] * does) or "–", answers


def cell(person, template, side):
    return cell_and_answers(person, template, side)[0]


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


def is_turned_away(name, template, answers):
    """Whether a stranger is asked to sign in, and who has no membership hears that they may not."""
    refused = [answer for answer in answers if answer.status_code != 405]
    if name == "nobody":
        door = f"/{SIGN_IN_OF[template.split('/')[0]]}?next="
        return all(answer.headers.get("Location", "").startswith(door) for answer in refused)
    return {answer.status_code for answer in refused} == {403}


def test_guarded_addresses_of_the_steering_group_are_these():
    assert [t for t in guarded() if t.startswith("steering/")] == [
        "steering/",
        "steering/<slug:slug>/",
        "steering/<slug:slug>/counts/",
        "steering/<slug:slug>/dictionary.csv",
        "steering/<slug:slug>/export.csv",
        "steering/<slug:slug>/exports/",
        "steering/<slug:slug>/exports/<uuid:public_id>/",
        "steering/<slug:slug>/exports/<uuid:public_id>/cancel/",
        "steering/<slug:slug>/exports/<uuid:public_id>/file/",
        "steering/<slug:slug>/exports/<uuid:public_id>/progress/",
        "steering/<slug:slug>/tokens/",
        "steering/<slug:slug>/tokens/<int:pk>/revoke/",
    ]


def test_no_address_of_staff_lies_outside_the_two_areas():
    rest = [template for template in templates() if not template.startswith(GUARDED)]
    assert [template for template in rest if re.search(r"staff|export|admin", template)] == []
    assert len(guarded()) > 100


@pytest.mark.timeout(900)  # it opens each page as each role
def test_page_of_permissions_says_what_each_role_may_and_no_page_shows_another_call(world):
    ours, theirs, people, _of_both = world
    found, shown, not_turned_away, elsewhere, read = {}, {}, [], [], {}
    for template in guarded():
        cells = found[template] = {}
        to_post = True
        for name in ABLEST_FIRST:
            person = people[name]
            if name == "administrator" and cells["manager"] == "see, do":
                cells[name] = "see, do"  # with every right of the manager, and more
                continue
            said, answers = cell_and_answers(person, template, ours, posts_anyway=to_post)
            cells[name] = said
            if name in ROLES and said == "–":
                to_post = False  # where the ablest of those who are refused cannot, nobody can
            if name == "manager" and STORY in re.sub(r"<[^>]*>", "", answers[0].text_of_it):
                read[template] = ours.response.reference in answers[0].on_record
            marks = of_the_other(theirs, answers[0].text_of_it)
            if name != "administrator" and marks:
                shown[name, template] = marks
            if name in NOT_MEMBERS and not is_turned_away(name, template, answers):
                not_turned_away.append((name, template, answers))
            # The address of a button leads to the page that has it.
            if said == "do" and not is_led_up(answers[0], ours.address(template, person)):
                elsewhere.append((name, template))
    assert shown == {}
    assert not_turned_away == []
    assert {cells[name] for cells in found.values() for name in NOT_MEMBERS} == {"–"}
    assert elsewhere == []
    # A page that shows an answer says on record whose.
    assert [template for template, is_on_record in read.items() if not is_on_record] == []
    assert len(read) > 6
    text = written(found, people)
    if os.environ.get("PORTAL_WRITE_PERMISSIONS"):
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text


def test_nobody_is_let_in_to_rows_of_another_call(world):
    """Who may do most with the rows of their own call asks, who may do less in the other, too."""
    _ours, theirs, people, of_both = world
    let_in, differing, less = {}, {}, 0
    for template, cells in cells_of_the_page().items():
        if not is_of_a_call(template):
            continue
        in_own, in_other = cells["manager"], cells["coder"]
        if in_own != in_other:
            less += 1
            if (said := cell(of_both, template, theirs)) != in_other:
                differing[template] = said
        # Who is refused beside a membership would be refused without one.
        if in_own == in_other or in_other != "–":
            ablest = max(
                (name for name in people if name in ROLES), key=lambda name: len(cells[name])
            )
            if (said := cell(people[ablest], template, theirs)) != "–":
                let_in[ablest, template] = said
    assert let_in == {}
    assert differing == {}
    assert less > 50


def test_administrator_is_shown_both_calls(world):
    ours, theirs, people, _of_both = world
    text = ask(people["administrator"], "get", "/admin/submissions/submission/").text_of_it
    assert ours.response.reference in text
    assert theirs.response.reference in text


def test_search_and_filters_of_lists_find_nothing_of_another_call(world):
    _ours, theirs, people, _of_both = world
    lists = ["submissions/submission", "submissions/outboxemail", "accounts/auditevent"]
    lists += ["accounts/membership", "submissions/latepass"]
    queries = [
        {"q": theirs.response.reference},
        {"q": "theirs"},
        {"call__id__exact": theirs.call.pk},
        {"actor__id__exact": theirs.member.pk},
    ]
    found = {}
    for path in lists:
        for query in queries:
            answer = ask(people["manager"], "get", f"/admin/{path}/", query)
            if answer.status_code == 200:  # else the list has no such filter
                shown = answer.context["cl"].result_list
                found[path, str(query)] = [r.pk for r in shown if r.call_id == theirs.call.pk]
    assert {path for path, _query in found} == {*lists}
    assert {asked: rows for asked, rows in found.items() if rows} == {}
    everything = ask(people["administrator"], "get", "/admin/submissions/submission/", queries[0])
    assert [row.pk for row in everything.context["cl"].result_list] == [theirs.response.pk]


def test_search_for_who_answered_knows_no_other_call(world):
    _ours, theirs, people, _of_both = world
    words = {"call": theirs.call.pk, "words": "theirs@example.org"}
    address = "/admin/submissions/submission/who-answered/"
    answer = ask(people["data protection"], "post", address, words)
    assert answer.context["form"].errors.keys() == {"call"}
    assert theirs.response.reference not in answer.text_of_it
    found = ask(people["administrator"], "post", address, words)
    assert theirs.response.reference in found.text_of_it


def test_action_of_a_list_leaves_rows_of_another_call(world):
    """Whoever is offered it chooses all rows of both calls, and one who is not offered it."""
    ours, theirs, people, _of_both = world
    kept = {}
    for model, model_admin in admin.site._registry.items():
        rows = list(model._default_manager.values_list("pk", flat=True))
        path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        for action in actions_of(model_admin, people["administrator"]):
            data = {"action": action, "_selected_action": rows, "select_across": "1", "post": "yes"}
            offered = [
                n for n in people if people[n] and action in actions_of(model_admin, people[n])
            ]
            others = [name for name in ("coder", "data protection") if name not in offered]
            for name in [*offered, *others]:
                with transaction.atomic():
                    client_of(people[name]).post(path, data)
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
    as_before = (0, 0, 6, 3, 0, 0)
    expected = dict.fromkeys(kept, as_before)
    expected["manager", "send_chosen_again"] = (1, 0, 6, 3, 0, 0)
    expected["administrator", "send_chosen_again"] = (1, 1, 6, 3, 0, 0)
    expected |= dict.fromkeys([("manager", "flag"), ("reviewer", "flag")], (0, 0, 6, 3, 2, 0))
    expected["administrator", "flag"] = (0, 0, 6, 3, 2, 2)
    assert kept == expected


def test_counts_on_the_first_page_are_of_the_own_calls(world):
    _ours, _theirs, people, _of_both = world
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
    ours, _theirs, people, _of_both = world
    own = of_ones_own_account()
    open_to_all = sorted({t for t in templates() if not t.startswith(GUARDED) and t not in own})
    assert len(open_to_all) > 20
    for template in open_to_all:
        address = ours.address(template, ours.member)
        codes = {ask(people[n], "get", address).status_code for n in ("nobody", "manager")}
        assert len(codes) == 1, template


def test_own_account_is_for_whoever_is_signed_in_and_shows_no_other_call(world):
    ours, theirs, people, _of_both = world
    people = {name: people[name] for name in ("nobody", "no membership", "manager")}
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
            assert of_the_other(theirs, answers["manager"].text_of_it) == [], template


def test_nobody_ends_the_sign_in_of_another(world):
    ours, theirs, people, _of_both = world
    address = theirs.address("account/sign-ins/<int:pk>/end/", None)
    for person in (None, ours.member, people["manager"], people["administrator"]):
        code = ask(person, "post", address).status_code
        assert code == (302 if person is None else 404)
    assert ask(theirs.member, "get", address).url == "/account/"
