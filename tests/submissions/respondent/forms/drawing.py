"""What the tests of this room look at: a section's form, and the page that comes of it."""

from html.parser import HTMLParser

from django.http import QueryDict
from django.template import engines
from django.utils.datastructures import MultiValueDict

from submissions.respondent.forms.section_form import SectionForm

FOCUSABLE = {"input", "textarea", "select", "button", "a"}
VOID = {"input", "br", "meta", "link", "img"}


class Element:
    def __init__(self, tag, attrs, parent):
        self.tag = tag
        self.attrs = dict(attrs)
        self.parent = parent
        self.children = []
        self.words = []

    @property
    def text(self):
        inner = [part if isinstance(part, str) else part.text for part in self.words]
        return " ".join(" ".join(inner).split())

    def find(self, tag=None, **attrs):
        """Every element inside, in order, of that tag and with those attributes."""
        found = []
        for child in self.children:
            wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attrs.items()}
            if tag in (None, child.tag) and wanted.items() <= child.attrs.items():
                found.append(child)
            found += child.find(tag, **attrs)
        return found

    def by_id(self, id_):
        [element] = self.find(id=id_)
        return element


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.root = self.at = Element("root", {}, None)

    def handle_starttag(self, tag, attrs):
        element = Element(tag, attrs, self.at)
        self.at.children.append(element)
        self.at.words.append(element)
        if tag not in VOID:
            self.at = element

    def handle_endtag(self, tag):
        assert self.at.tag == tag, f"</{tag}> closes <{self.at.tag}>"
        self.at = self.at.parent

    def handle_data(self, data):
        self.at.words.append(data)


def read(html):
    """The elements of `html`; fails where tags do not close in order."""
    reader = _Reader()
    reader.feed(html)
    assert reader.at is reader.root
    return reader.root


def form_of(call, section="about", *, posted=None, files=None, answers=None, **options):
    """The form of a section; `posted` is a query string, a QueryDict or None for a first look."""
    if isinstance(posted, str):
        posted = QueryDict(posted)
    return SectionForm(
        call=call,
        section=next(s for s in call.sections.all() if s.key == section),
        answers=answers or {},
        data=posted,
        files=None if posted is None else MultiValueDict(files or {}),
        **options,
    )


def judge(form):
    """Say what is missing, as a page does: what was posted is stored by then."""
    form.is_valid()
    form.show_saved({**form.answers, **form.values}, form.attachments)
    form.add_issues()


def drawn(form):
    template = engines["django"].from_string("{% load crispy_forms_tags %}{% crispy form %}")
    return template.render({"form": form})


def page_of(form):
    return read(drawn(form))


def described(page, element):
    """The texts that `element` is described by; each id must be there once."""
    return [page.by_id(id_).text for id_ in element.attrs.get("aria-describedby", "").split()]
