"""One request out of a target: what a browser would send, with some of it replaced."""

from dataclasses import dataclass, field
from random import Random
from urllib.parse import quote_from_bytes, quote_plus

from tests.fuzz import payloads
from tests.fuzz.surface import Field, Form

URLENCODED = "application/x-www-form-urlencoded"
BOUNDARY = "fuzzfuzzfuzz"


@dataclass
class Target:
    """What a request aims at: an address with its parameters, or a form of a page there."""

    role: int
    template: str
    place: int  # which of the template's addresses
    parameters: dict[str, str] = field(default_factory=dict)
    form: Form | None = None
    names: list[str] = field(default_factory=list)  # to post where no form says more


@dataclass
class Request:
    method: str
    path: str
    query: bytes = b""
    body: bytes = b""
    content_type: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    checks_csrf: bool = False
    moment: int = 0
    hostile: set[str] = field(default_factory=set)  # names whose value was replaced


def as_bytes(text):
    """UTF-8; a lone surrogate becomes bytes that are none."""
    return text.encode("utf-8", "surrogatepass")


def value(rng):
    chosen = rng.choice(rng.choice(payloads.VALUES))
    return chosen if rng.random() < 0.8 else chosen + rng.choice(payloads.MARKUPS)


def name_like(rng, name):
    """The name in other forms that a parser may take for it."""
    return rng.choice(
        [
            *(name.upper(), f" {name}", *(f"{name}{end}" for end in payloads.ENDS_OF_NAMES)),
            *("__proto__", "", "a" * 9000),
        ]
    )


def plain(rng, one: Field):
    """What somebody might choose or type."""
    if one.kind in {"hidden", "file"} or (one.value and rng.random() < 0.7):
        return one.value
    if one.options:
        return rng.choice([*one.options, one.value])
    return rng.choice(["Words.", "jo@example.org", "1", "2019-07-01", "12:00", ""])


def pairs_of(rng, target, *, must):
    """(name, value) for each field or parameter; those in `must`, and some others, are hostile."""
    fields = target.form.fields.values() if target.form else [Field(n, "") for n in target.names]
    share = rng.choice([0.0, 0.15, 0.5, 1.0])
    pairs, files, hostile = [], [], set()
    for one in fields:
        is_hit = one.name in must or rng.random() < share
        is_token = one.name == "csrfmiddlewaretoken" or one.name.endswith("_FORMS")
        if is_token and one.name not in must:
            is_hit = rng.random() < 0.03
        if one.kind == "file":
            if is_hit or rng.random() < 0.3:
                files.append(
                    (one.name, *(rng.choice(payloads.FILES) if is_hit else ("a.txt", b"a")))
                )
                hostile |= {one.name} if is_hit else set()
            if not is_hit or rng.random() < 0.9:
                continue
        if is_hit:
            hostile.add(one.name)
            pairs += [(one.name, value(rng))] * rng.choice([1, 1, 1, 2, 40])
        elif one.kind not in {"radio", "checkbox"} or one.value or rng.random() < 0.4:
            pairs.append((one.name, plain(rng, one)))
    if target.form and target.form.buttons and rng.random() < 0.8:
        pairs.append(rng.choice(target.form.buttons))
    if rng.random() < 0.1 and pairs:
        pairs.append((name_like(rng, rng.choice(pairs)[0]), value(rng)))
    return pairs, files, hostile


def urlencoded(pairs):
    return b"&".join(
        b"=".join(quote_plus(as_bytes(part)).encode() for part in pair) for pair in pairs
    )


def multipart(pairs, files):
    parts = []
    for name, text in pairs:
        head = b'Content-Disposition: form-data; name="%s"' % safe_in_head(name)
        parts.append(head + b"\r\n\r\n" + as_bytes(text))
    for name, file_name, content in files:
        head = b'Content-Disposition: form-data; name="%s"; filename="%s"\r\nContent-Type: %s' % (
            safe_in_head(name),
            safe_in_head(file_name),
            b"text/plain",
        )
        parts.append(head + b"\r\n\r\n" + content)
    line = b"--" + BOUNDARY.encode()
    return b"".join(line + b"\r\n" + part + b"\r\n" for part in parts) + line + b"--\r\n"


def safe_in_head(name):
    return as_bytes(name).replace(b'"', b"%22").replace(b"\r", b"").replace(b"\n", b"")


def spoiled_path(rng, path):
    parts = path.split("/")
    if rng.random() < 0.3:
        return rng.choice(["/" + path, path.rstrip("/"), path + "/", path + "fuzz", "/." + path])
    place = rng.randrange(1, len(parts))
    parts[place] = rng.choice(payloads.PATHS)
    return "/".join(parts)


def make(target, address, *, seed, must=frozenset()):
    """The request of the target for this seed, to `address`."""
    rng = Random(seed)
    form = target.form
    path, _, query = (form.action if form else address).partition("?")
    asked = Request("GET", path, query.encode())
    asked.moment = int(rng.random() < 0.15)
    pairs, files, asked.hostile = pairs_of(rng, target, must=must)
    posts = form.method == "POST" if form else bool(target.names)
    if posts:
        asked.method = "POST"
        if (form and form.encoding == "multipart/form-data") or files or rng.random() < 0.1:
            asked.content_type = f"multipart/form-data; boundary={BOUNDARY}"
            asked.body = multipart(pairs, files)
        else:
            asked.content_type, asked.body = URLENCODED, urlencoded(pairs)
        asked.checks_csrf = rng.random() < 0.12
    elif form:
        asked.query = urlencoded(pairs)
    if target.parameters and not (form and form.method == "GET"):
        chosen = [n for n in target.parameters if n in must or rng.random() < 0.03]
        if target.names and rng.random() < 0.5:
            chosen = []
        if chosen:
            asked.query = urlencoded([(n, value(rng)) for n in chosen])
            asked.hostile |= set(chosen)
    distort(rng, asked)
    asked.query = asked.query[: max(0, payloads.LONGEST_LINE - len(asked.path))]
    return asked


def distort(rng, asked):
    """Now and then another method, body, path or header than a browser would send."""
    if rng.random() < 0.05:
        asked.method = rng.choice(payloads.METHODS)
    if rng.random() < 0.05:
        asked.method = "POST"
        asked.content_type, asked.body = rng.choice(payloads.BODIES)
    if rng.random() < 0.04 and asked.body:
        asked.body = asked.body[: rng.randrange(len(asked.body))]
    if rng.random() < 0.06:
        asked.path = spoiled_path(rng, asked.path)
    if rng.random() < 0.04:
        asked.query += b"&" + rng.choice([b"%ff%00", b"=&=", b"a" * 5000, b"x=%ud800", b"\xff\xfe"])
    if rng.random() < 0.2:
        for name in rng.sample(sorted(payloads.HEADERS), rng.choice([1, 1, 3])):
            asked.headers[name] = rng.choice(payloads.HEADERS[name])
    if rng.random() < 0.05:
        asked.headers["HTTP_COOKIE"] = rng.choice(payloads.COOKIES)


def told(asked):
    """The request in one line, to be read in a report."""
    query = quote_from_bytes(asked.query, safe="=&%+/")
    parts = [asked.method, short(asked.path), short(query), asked.content_type, short(asked.body)]
    parts += [f"{name}: {short(value)}" for name, value in asked.headers.items()]
    parts += ["after closing"] * asked.moment + ["with the CSRF check"] * asked.checks_csrf
    return " ".join(part for part in parts if part)


def short(text):
    """At most 300 characters; a long value is cut, so that every name is there."""
    said = text if isinstance(text, str) else text.decode("latin-1")
    pieces = [piece if len(piece) <= 60 else piece[:60] + "…" for piece in said.split("&")]
    said = "&".join(pieces).encode("unicode_escape").decode()
    return said if len(said) <= 300 else said[:300] + "…"
