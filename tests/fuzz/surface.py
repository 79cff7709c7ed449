"""What a page offers: its forms with their fields, and the parameters of its links."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qsl, urljoin, urlsplit

ROOT = Path(__file__).parents[2]
APPS = ("accounts", "core", "evidence_portal", "exports", "review", "submissions", "publication")
# request.GET.get("x"), request.POST["x"], and the same of a `data` or a `query` of a request.
READ = re.compile(r"\b(GET|POST|data|query)(?:\.get(?:list)?\(|\[)\s*\"(\w+)\"")


@dataclass
class Field:
    name: str
    kind: str
    value: str = ""
    options: list[str] = field(default_factory=list)  # what it takes: of a select, radios, boxes


@dataclass
class Form:
    action: str
    method: str
    encoding: str
    fields: dict[str, Field] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def key(self):
        """The same form on two pages is one; what differs in rows and tokens does not count."""
        return self.method, re.sub(r"[0-9a-f-]{36}|\d+", "#", self.action), tuple(self.fields)


class Page(HTMLParser):
    """Reads a page: `forms`, `parameters` of links to the page itself, `faults` of its markup."""

    def __init__(self, address, text):
        super().__init__()
        self.address = address
        self.forms, self.parameters, self.faults = [], {}, []
        self.by_id = {}
        self.form = self.select = self.text_of = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        given = {name: value or "" for name, value in attrs}
        self.look_for_faults(tag, given)
        if tag == "a" and "?" in given.get("href", ""):
            parts = urlsplit(urljoin(self.address, given["href"]))
            if parts.path == self.address:
                self.parameters |= dict(parse_qsl(parts.query, keep_blank_values=True))
        elif tag == "form":
            action = urlsplit(urljoin(self.address, given.get("action") or self.address))
            self.form = Form(
                action.path + ("?" + action.query if action.query else ""),
                given.get("method", "get").upper(),
                given.get("enctype", ""),
            )
            self.forms.append(self.form)
            self.by_id[given.get("id")] = self.form
        else:
            self.take_field(tag, given)

    def look_for_faults(self, tag, given):
        bad = [name for name in given if name.startswith("onfuzz")]
        links = [given.get(name, "") for name in ("href", "src", "action", "formaction")]
        if tag.startswith("fuzz") or bad:
            self.faults.append(f"<{tag} {' '.join(given)}> is markup")
        if any(re.match(r"[\x00-\x20]*(javascript|data:text)", link, re.I) for link in links):
            self.faults.append(f"<{tag}> leads to a script")

    def take_field(self, tag, given):
        form = self.by_id.get(given["form"]) if "form" in given else self.form
        if form is None:
            return
        name, kind, value = given.get("name"), given.get("type", "text"), given.get("value", "")
        if tag == "option" and self.select:
            self.select.options.append(value)
            if "selected" in given:
                self.select.value = value
        elif not name:
            return
        elif tag == "button" or (tag == "input" and kind in {"submit", "image", "button"}):
            form.buttons.append((name, value))
        elif tag == "textarea":
            self.text_of = form.fields.setdefault(name, Field(name, "textarea"))
        elif tag == "select":
            self.select = form.fields.setdefault(name, Field(name, "select"))
        elif tag == "input":
            one = form.fields.setdefault(name, Field(name, kind))
            if kind in {"radio", "checkbox"}:
                one.options.append(value or "on")
            if kind not in {"radio", "checkbox"} or "checked" in given:
                one.value = value

    def handle_endtag(self, tag):
        if tag == "form":
            self.form = None
        elif tag == "select":
            self.select = None
        elif tag == "textarea":
            self.text_of = None

    def handle_data(self, data):
        if self.text_of is not None:
            self.text_of.value += data


def names_in_code(which):
    """Each name that the portal's own code reads out of `GET` or `POST`."""
    names = set()
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            for source, name in READ.findall(path.read_text(encoding="utf-8")):
                if source == which or source in {"data", "query"}:
                    names.add(name)
    return sorted(names)
