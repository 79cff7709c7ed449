"""Send many requests, each on its own, and tell what is wrong with the answers.

Through Django's test client: the whole stack from middleware to PostgreSQL, and nothing of a
socket. So each request is undone afterwards, and any one of them can be sent again alone.
"""

import logging
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import process_time
from unittest.mock import patch

from django.db import DatabaseError, connection, transaction
from django.test import Client

from tests.fuzz import asking, judging, payloads
from tests.fuzz.asking import Target
from tests.fuzz.surface import Page, names_in_code
from tests.fuzz.world import World
from tests.rights.two_calls import templates

AT_ONCE = 4  # names whose value is hostile in one request, at least


@dataclass
class Report:
    seed: str
    sent: int = 0
    faults: list[str] = field(default_factory=list)
    statuses: Counter = field(default_factory=Counter)
    hit: set = field(default_factory=set)  # (template or action, name)
    offered: set = field(default_factory=set)
    slowest: tuple[float, str] = (0.0, "")

    def __str__(self):
        missed = sorted(self.offered - self.hit)
        seconds, where = self.slowest
        return "\n".join(
            [
                f"{self.sent} requests, seed {self.seed}; "
                + ", ".join(f"{n} × {status}" for status, n in sorted(self.statuses.items())),
                f"{len(self.offered)} fields and parameters, {len(missed)} of them left as they "
                f"were{': ' if missed else ''}{missed[:20] or ''}",
                f"the slowest took {seconds:.1f} s: {where[:300]}",
                f"{len(self.faults)} faults",
                *self.faults,
            ]
        )


class Fuzzing:
    def __init__(self, *, seed):
        self.world = World()
        self.report = Report(seed)
        self.log = judging.Log()
        self.targets = []
        self.read = sorted({*payloads.OF_THE_ADMIN, *names_in_code("GET")})
        self.posted = names_in_code("POST")

    @contextmanager
    def undone(self, moment):
        """A request's changes are undone, and deferred constraints checked as a commit would."""
        before = transaction.savepoint()
        with patch("core.clock.portal_now", lambda: self.world.moments[moment]):
            yield
        transaction.savepoint_rollback(before)
        connection.needs_rollback = False
        connection.run_on_commit = []

    def send(self, role, asked, label):
        """Send, judge, note. Return the answer's text where it is a page."""
        client = Client(raise_request_exception=False, enforce_csrf_checks=asked.checks_csrf)
        for name, value in role.cookies.items():
            client.cookies[name] = value
        self.log.take()
        with self.undone(asked.moment):
            found, text = self.answer(client, asked, role)
        found += judging.faults_of_log(self.log.take())
        self.report.sent += 1
        said = f"[{label}] {role.name}: {asking.told(asked)}"
        self.report.faults += [f"{said}\n    {one}" for one in dict.fromkeys(found)]
        return text

    def answer(self, client, asked, role):
        # A server hands headers over as Latin-1, whatever bytes they are.
        headers = {n: asking.as_bytes(v).decode("latin-1") for n, v in asked.headers.items()}
        environment = {"QUERY_STRING": asked.query.decode("latin-1"), **headers}
        started = process_time()
        try:
            answer = client.generic(
                asked.method, asked.path, asked.body, asked.content_type, **environment
            )
            body = b"".join(answer)
            took = process_time() - started
            self.report.statuses[answer.status_code] += 1
            found = judging.faults_of(answer, body, asked.path)
            found += self.what_comes_of_it(client, answer, asked)
            if not connection.needs_rollback:
                connection.check_constraints()
        except DatabaseError as error:
            return [f"the database: {error}"], None
        if took > judging.SLOWEST:
            found.append(f"it took {took:.0f} s")
        if took > self.report.slowest[0]:
            self.report.slowest = (took, f"{role.name}: {asking.told(asked)}")
        is_page = answer.status_code == 200 and "html" in answer.headers.get("Content-Type", "")
        return found, body.decode("utf-8", "replace") if is_page else None

    def what_comes_of_it(self, client, answer, asked):
        """Follow where a post leads: what was stored is shown there."""
        led = answer.headers.get("Location", "")
        if asked.method != "POST" or answer.status_code != 302 or not led.startswith("/"):
            return []
        shown = client.get(led)
        return [f"then {one}" for one in judging.faults_of(shown, b"".join(shown), led)]

    def discover(self, pairs):
        """Open each address as each role; what it offers becomes targets."""
        seen = set()
        for number, template in pairs:
            role, side = self.world.roles[number], self.world.sides[0]
            for place, address in enumerate(self.world.addresses(template, side, role)):
                text = self.send(role, asking.Request("GET", address), f"as it is: {template}")
                page = Page(address, text or "")
                parameters = page.parameters | dict.fromkeys(self.read, "")
                aims = [Target(number, template, place, parameters, names=self.posted)]
                if text is not None:
                    aims.append(Target(number, template, place, parameters))
                for form in page.forms:
                    if (number, *form.key()) not in seen:
                        seen.add((number, *form.key()))
                        aims.append(Target(number, template, place, form=form))
                self.targets += aims
        for target in self.targets:
            self.report.offered |= {(place_of(target), name) for name in offered_by(target)}

    def run(self, numbers):
        """Send these, to each target by turns; another few of its names are hostile each time."""
        for n in numbers:
            turn, at = divmod(n, len(self.targets))
            target = self.targets[at]
            names = sorted(offered_by(target))
            first = AT_ONCE * (turn + target.role)
            chosen = {names[(first + i) % len(names)] for i in range(AT_ONCE)} if names else set()
            self.attack(target, n, must=chosen)

    def check_sign_ins(self):
        """Who is signed out gets little to see: a run that takes too long says so."""
        for role in self.world.roles:
            if role.person is not None:
                client = Client(raise_request_exception=False)
                client.cookies.load(role.cookies)
                if client.get("/admin/").status_code == 302:
                    self.report.faults.append(f"{role.name} was signed out meanwhile")

    def attack(self, target, n, *, must):
        seed = f"{self.report.seed}:{n}"
        side = self.world.sides[n % 5 == 4]
        role = self.world.roles[target.role]
        address = self.world.addresses(target.template, side, role)[target.place]
        asked = asking.make(target, address, seed=seed, must=must)
        self.report.hit |= {(place_of(target), name) for name in asked.hostile}
        self.send(role, asked, f"{n}: {target.template}")


def place_of(target):
    return f"{target.form.method} {target.form.key()[1]}" if target.form else target.template


def offered_by(target):
    return {*(target.form.fields if target.form else ()), *target.parameters, *target.names}


def fuzz(*, seed, numbers, pairs=None):
    """The report on the requests `numbers`; `pairs` leaves all other roles and addresses out."""
    fuzzing = Fuzzing(seed=seed)
    everyone = [(n, t) for t in sorted(set(templates())) for n in range(len(fuzzing.world.roles))]
    root = logging.getLogger()
    others, root.handlers = root.handlers, [fuzzing.log]
    try:
        fuzzing.discover(everyone if pairs is None else pairs(everyone))
        fuzzing.run(numbers)
        fuzzing.check_sign_ins()
    finally:
        root.handlers = others
    return fuzzing.report
