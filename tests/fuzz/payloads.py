"""What is put into fields, parameters, headers, paths and bodies.

Markup names its element `fuzz` and its handler `onfuzz`: where one of them is part of a page's
markup, somebody's text was shown unescaped. A template that was run shows PRODUCT.
"""

PRODUCT = "800701"  # 913 * 877
ELSEWHERE = "fuzz.invalid"
MARKUP = "</textarea></title></script>--><fuzz onfuzz=x>"

MARKUPS = [
    MARKUP,
    '" onfuzz="x" a="',
    "' onfuzz='x' a='",
    "<img src=x onfuzz=x>",
    "&lt;fuzz&gt;<fuzz>",
    "javascript:fuzz()",
    "\x01javascript:fuzz()",
    "data:text/html,<fuzz>",
]
TEMPLATES = [
    "{{ 913|add:877 }}{{913*877}}",
    "{% load fuzz %}",
    "${913*877}",
    "#{913*877}",
    "%(fuzz)s",
]
SQL = [
    "' OR '1'='1",
    "'; SELECT pg_sleep(9); --",
    '"; DROP TABLE accounts_user; --',
    "1) UNION SELECT NULL, password FROM accounts_user --",
    "%' AND 1=CAST((SELECT version()) AS int) --",
    "\\",
    "%",
    "_%_%",
]
NUMBERS = [
    "-1",
    "0",
    "00",
    "1e999999",
    "NaN",
    "sNaN",
    "-Infinity",
    "2147483648",
    "9223372036854775808",
    "9" * 30,
    "9" * 5000,
    "0x10",
    "1_000",
    "\u0661\u0662",
    "\u00b2",
    "1.5",
    "1,5",
    "true",
]
DATES = [
    "0001-01-01",
    "9999-12-31",
    "9999-12-31T23:59:59.999999Z",
    "0001-01-01T00:00:00+14:00",
    "2019-02-29",
    "2019-03-31T01:30",
    "2019-10-27T01:30",
    "2019-13-01",
    "2019-07-24T24:00",
    "10000-01-01",
    "-0001-01-01",
    "2019-07-24 11:00:00\u2212",
    "23:59:60",
    "31/12/9999",
]
# Surrogates become bytes that are no UTF-8.
CHARACTERS = [
    "\0",
    "a\0b",
    "\ud800",
    "a\udfffb",
    "\udc80\udcff",
    "\ufffe\uffff",
    "\u202e\u2066\u200b\ufeff",
    "e\u0301" * 50,
    "Z" + "\u0301" * 500,
    "\U0010ffff",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 20,
    "\r\nSet-Cookie: fuzz=1\r\n\r\n<fuzz>",
    "\x1b[31m\x07\x08",
    "\u2028\u2029\x85\x0b\x0c",
    "\t \n ",
]
LONG = ["a" * 300, "word " * 2000, "x" * 70_000, "\n" * 5000, "<fuzz>" * 3000, "é" * 40_000]
ADDRESSES = [
    "a@" + "b" * 300 + ".example",
    "a@b@c.example",
    "jo@example.org\r\nBcc: fuzz@example.org",
    '"<fuzz>"@example.org',
    "jo@[127.0.0.1]",
    "jo@xn--\u00e9.example",
    "jo@\u0131.example",
    f"https://{ELSEWHERE}/",
    f"//{ELSEWHERE}/",
    f"/\\{ELSEWHERE}/",
    f"https:{ELSEWHERE}",
    f"\t//{ELSEWHERE}",
    "../../../../etc/passwd",
    "..\\..\\x",
    "file:///etc/passwd",
    '=HYPERLINK("fuzz")',
]
WORDS = ["", " ", "None", "null", "[]", "{}", '{"a": [1]}', "on", "yes", "admin", "story", "ours"]
VALUES = [MARKUPS, TEMPLATES, SQL, NUMBERS, DATES, CHARACTERS, LONG, ADDRESSES, WORDS]

# What Django's admin and its views take in a query, and lookups that reach into other tables.
OF_THE_ADMIN = [
    "q",
    "p",
    "o",
    "e",
    "all",
    "_facets",
    "_to_field",
    "_popup",
    "_changelist_filters",
    "next",
    "actor__password__startswith",
    "call__contact_email__icontains",
    "person__email__regex",
    "submission__versions__text__contains",
    "id__in",
    "pk__isnull",
    "created_at__year",
    "app_label",
    "model_name",
    "field_name",
    "term",
]
METHODS = [
    "PUT",
    "DELETE",
    "PATCH",
    "OPTIONS",
    "TRACE",
    "HEAD",
    "PROPFIND",
    "CONNECT",
    "FUZZ",
    "get",
]
ENDS_OF_NAMES = ["[]", "[0][fuzz]", ".x", "__in", "\0", "<fuzz>", "-TOTAL_FORMS"]
PATHS = ["..%2f..%2fetc", "%00", "%ff%fe", "-1", "9" * 25, "9" * 4400, "%F0%9F%92%A9", "a" * 3000]
PATHS += [
    "<fuzz>",
    "%3Cfuzz%20onfuzz=x%3E",
    "_3Cfuzz_3E",
    "__",
    "1%0d%0aX-Fuzz:1",
    "%2e%2e",
    "1;x=1",
]
# What gunicorn refuses by itself is left out: longer heads, and lengths that are none.
LONGEST_LINE = 4000  # bytes
HEADERS = {
    "HTTP_HOST": [ELSEWHERE, "testserver:99999", "testserver\r\n", "<fuzz>", "", "[::1", "é"],
    "HTTP_X_FORWARDED_HOST": [ELSEWHERE],
    "HTTP_X_FORWARDED_PROTO": ["https", "javascript"],
    "HTTP_X_FORWARDED_FOR": ["<fuzz>", "1.2.3.4, " * 500, "::1%eth0", "\0", "999.1.1.1"],
    "HTTP_ACCEPT_LANGUAGE": ["<fuzz>", "x" * 5000, "en;q=NaN", "de-" * 200, "\xff"],
    "HTTP_ACCEPT": ["<fuzz>", "text/html;q=a", "*" * 3000],
    "HTTP_ACCEPT_ENCODING": ["gzip;q=nan", "<fuzz>", "gzip"],
    "HTTP_REFERER": ["<fuzz>", f"https://{ELSEWHERE}/", "http://[", "javascript:fuzz()", "\xff"],
    "HTTP_ORIGIN": ["null", f"https://{ELSEWHERE}", "http://[", "<fuzz>"],
    "HTTP_USER_AGENT": [MARKUP, "", "\xff\xfe", "x" * 8000],
    "HTTP_RANGE": ["bytes=0-0", "bytes=9-1", "bytes=-99999999999999999999", "fuzz=1-"],
    "HTTP_IF_MODIFIED_SINCE": [
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "fuzz",
        "Thu, 01 Jan 0001 00:00:00 GMT",
    ],
    "HTTP_IF_NONE_MATCH": ["*", '"', 'W/"x", ' * 300, "<fuzz>"],
    "HTTP_IF_UNMODIFIED_SINCE": ["Thu, 01 Jan 1970 00:00:00 GMT", "\xff"],
    "HTTP_AUTHORIZATION": ["Basic !", "Basic " + "A" * 8000, "Bearer <fuzz>", "Basic gIGC"],
    "HTTP_X_REQUESTED_WITH": ["XMLHttpRequest", "<fuzz>"],
    "HTTP_X_HTTP_METHOD_OVERRIDE": ["DELETE"],
    "HTTP_X_CSRFTOKEN": ["<fuzz>", "a" * 32, "\xff" * 32],
    "HTTP_TRANSFER_ENCODING": ["chunked", "fuzz"],
    "HTTP_EXPECT": ["100-continue", "fuzz"],
    "REMOTE_ADDR": ["", "fuzz", "::ffff:1.2.3.4", "fe80::1%1"],
    "CONTENT_LENGTH": ["", "0", "3"],
}
COOKIES = [
    "session=<fuzz>",
    "session=\xff\xfe",
    "session=" + "a" * 5000,
    "csrf=<fuzz>",
    "csrf=" + "\u0661" * 32,
    "messages=<fuzz>; django_language=../../x",
    "; ".join(f"c{n}={n}" for n in range(300)),
    'session="a\\073b"',
    "=;=;;",
]
# (content type, body)
BODIES = [
    ("multipart/form-data", b"no boundary"),
    ("multipart/form-data; boundary=", b"----\r\n"),
    ("multipart/form-data; boundary=" + "b" * 500, b"--b\r\n"),
    ("multipart/form-data; boundary=\xe9", b"--\xe9\r\n"),
    ("multipart/form-data; boundary=b", b""),
    (
        "multipart/form-data; boundary=b",
        b"--b\r\nContent-Disposition: form-data; name=x\r\n\r\nend",
    ),
    (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="documents"; filename="../../<fuzz>\x00.txt"'
        b"\r\nContent-Type: \xff/\r\n\r\nx\r\n--b--\r\n",
    ),
    (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64\r\n'
        b"\r\n!!!=\r\n--b--\r\n",
    ),
    (
        "multipart/form-data; boundary=b",
        b"--b\r\nContent-Disposition: form-data; name*=utf-8''%ff%00\r\n\r\nx\r\n--b--\r\n",
    ),
    (
        "multipart/form-data; boundary=b",
        b"".join(
            b'--b\r\nContent-Disposition: form-data; name="x"; filename="%d.txt"\r\n\r\nx\r\n' % n
            for n in range(30)
        )
        + b"--b--\r\n",
    ),
    ("multipart/form-data; boundary=b; charset=utf-7", b"--b--"),
    ("application/x-www-form-urlencoded; charset=nonsense", b"story=a"),
    ("application/x-www-form-urlencoded; charset=utf-16", b"story=\xff\xfe<\x00"),
    ("application/x-www-form-urlencoded", b"%ZZ=%&=&&&;a=%u1234&story=%ff%fe%00"),
    ("application/x-www-form-urlencoded", b"&".join(b"f%d=1" % n for n in range(1500))),
    ("application/x-www-form-urlencoded", b"story=" + b"%3Cfuzz%3E" * 20_000),
    ("application/x-www-form-urlencoded", b"\xff\xfe\x00"),
    ("application/json", b'{"story": "<fuzz>", "a": ' + b"[" * 5000 + b"]" * 5000 + b"}"),
    ("application/json", b"\xff"),
    ("application/csp-report", b"{}"),
    ("text/plain", b"<fuzz>"),
    ("text/xml", b'<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]><a>&f;</a>'),
    ("", b"story=a"),
    ("\xff/<fuzz>", b"x"),
]
# (name, content) of files where a file is asked for.
FILES = [
    ("notes.txt", b"Minutes.\n"),
    ("", b""),
    ("empty.txt", b""),
    ("../../etc/cron.d/fuzz.txt", b"x"),
    ("<fuzz onfuzz=x>.txt", b"<fuzz>"),
    ('" onfuzz="x.txt', b"x"),
    ("a" * 400 + ".txt", b"x"),
    ("nul\0.txt", b"x"),
    ("\u202etxt.exe", b"MZ"),
    ("x.pdf", b"%PDF-1.7\n<fuzz>"),
    ("x.docx", b"PK\x03\x04" + b"\0" * 30),
    ("x.odt", b"PK\x05\x06" + b"\0" * 18),
    ("x.xlsx", b"PK\x03\x04\x14\0\x01\0\x63\0" + b"\xff" * 60),
    ("x.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 20),
    ("x.jpg", b"\xff\xd8\xff\xe1\xff\xff" + b"Exif\0\0MM" + b"\xff" * 30),
    ("x.gif", b"GIF89a" + b"\xff" * 20),
    ("x.svg", b"<svg onload='fuzz()'/>"),
    ("x.html", b"<fuzz onfuzz=x>"),
    ("no extension", b"\0\1\2"),
    ("x.txt", b"\xff\xfe<\0f\0"),
    ("x.csv", b"=cmd|'/c calc'!A1\n"),
    ("CON.txt", b"x"),
    (".htaccess", b"x"),
    ("x.txt.", b"x"),
]
