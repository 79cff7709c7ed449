"""The icon, which each page carries in itself."""

import re
from urllib.parse import unquote

import pytest
from django.conf import settings

pytestmark = pytest.mark.django_db


def test_icon_in_the_page_is_the_file_written_as_a_url(client):
    page = client.get("/cookies/").content.decode()
    written = re.search('<link rel="icon" href="data:image/svg[+]xml,([^"]*)"', page)[1]
    icon = (settings.BASE_DIR / "static/img/icon.svg").read_text().strip()
    assert unquote(written).replace("'", '"') == icon
    # RFC 3986, section 2: anything else, a space too, stands as %XX.
    assert re.sub(r"[\w.~!$&'()*+,;=:@/?-]|%[0-9A-F]{2}", "", written, flags=re.ASCII) == ""
