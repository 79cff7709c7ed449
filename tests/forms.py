"""Filling in a form as a browser does: from the page, with all that it carries."""

from html.parser import HTMLParser

from tests.measuring import unmeasured


class _Form(HTMLParser):
    """Collects what the forms of a page would post; `within` is the form's id, if any."""

    def __init__(self, within):
        super().__init__()
        self.within = within
        self.inside = within is None
        self.posted = {}
        self.text_of = self.select = None

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form" and self.within is not None:
            self.inside = attrs.get("id") == self.within
        if not self.inside:
            return
        name = attrs.get("name")
        if tag == "textarea":
            self.text_of, self.posted[name] = name, ""
        elif tag == "select":
            self.select = (name, "multiple" in attrs)
            self.posted.setdefault(name, [] if "multiple" in attrs else "")
        elif tag == "option" and "selected" in attrs:
            select, several = self.select
            value = attrs.get("value", "")
            self.posted[select] = [*self.posted[select], value] if several else value
        elif tag == "input" and name:
            self.take_input(name, attrs)

    def take_input(self, name, attrs):
        kind, value = attrs.get("type", "text"), attrs.get("value") or ""
        if kind in {"submit", "button", "file"}:
            return
        if kind in {"checkbox", "radio"}:
            if "checked" in attrs:
                self.posted[name] = attrs.get("value", "on")
        elif name in self.posted:
            seen = self.posted[name]
            self.posted[name] = [*seen, value] if isinstance(seen, list) else [seen, value]
        else:
            self.posted[name] = value

    def handle_endtag(self, tag):
        if tag == "textarea":
            self.text_of = None

    def handle_data(self, data):
        if self.text_of is not None:
            # A browser leaves out the first line end, and posts the others as CRLF.
            self.posted[self.text_of] += (
                data.removeprefix("\n") if not self.posted[self.text_of] else data
            )


@unmeasured
def form_of(page, within=None):
    """Return what the form with the id `within` (or all the page's forms) would post."""
    parser = _Form(within)
    parser.feed(page.content.decode())
    return {
        name: value.replace("\n", "\r\n") if isinstance(value, str) else value
        for name, value in parser.posted.items()
        if name != "_selected_action"
    }


def messages_after(answer):
    """What the next page says of what was posted, without drawing that page."""
    return [str(one) for one in answer.wsgi_request._messages._queued_messages]
