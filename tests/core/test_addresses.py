import pytest
from django.forms import ValidationError

from core.addresses import AddressField, AddressRefused, ascii_address, clean_address, comparable


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ada@example.org", "ada@example.org"),
        ("Ada.Lovelace@Example.ORG", "Ada.Lovelace@example.org"),
        ("t3@example.org”", "t3@example.org"),
        ("“t3@example.org”.", "t3@example.org"),
        ("t2@example.org\u200e", "t2@example.org"),
        ("\ufefft2@exam\u00adple.org\u200d", "t2@example.org"),
        (" ada@example.org.", "ada@example.org"),
        ("ada@example.org,", "ada@example.org"),
        ("<ada@example.org>", "ada@example.org"),
        ("o'neill@example.org", "o'neill@example.org"),
        ("mailto:ada@example.org", "ada@example.org"),
        ("`ada@example.org`…", "ada@example.org"),
        ("「ada@example.org」。", "ada@example.org"),
        ("ada\u034f\u3164@example.org\u2800\ufe0f\x07", "ada@example.org"),
        ("ada@straße.example", "ada@straße.example"),
        ("ada@xn--strae-oqa.example", "ada@straße.example"),
        ("ada@STRAßE.example", "ada@straße.example"),
        ("ada@bücher.example", "ada@bücher.example"),
        ("ada@bu\u0308cher.example", "ada@bücher.example"),
    ],
)
def test_address_is_kept_in_one_form(typed, kept):
    assert clean_address(typed) == kept
    assert clean_address(kept) == kept


def test_mail_goes_to_the_domain_of_idna_2008():
    assert ascii_address("ada@straße.example") == "ada@xn--strae-oqa.example"
    assert ascii_address("ada@faß.example") != ascii_address("ada@fass.example")


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("ada", "Enter an email address in the correct format, like name@example.com"),
        ("ada@", "Enter an email address in the correct format, like name@example.com"),
        ("a@b@example.org", "Enter an email address in the correct format, like name@example.com"),
        ("ada@example", "Enter an email address in the correct format, like name@example.com"),
        ("ada@x..example", "Enter an email address in the correct format, like name@example.com"),
        ("ada l@example.org", "An email address has no spaces in it. Check the address"),
        (
            "jürgen@example.org",
            "Mail cannot be sent to an address with “ü” before the @. "
            "Enter one with plain letters and digits there",
        ),
        (
            "ada@☃.example",
            "The part of an email address after the @ cannot have “☃” in it. Check the address",
        ),
        (
            "ada@exam_ple.org",
            "The part of an email address after the @ cannot have “_” in it. Check the address",
        ),
        (f"ada@{'x' * 64}.org", "This email address is too long. Check the address"),
        (
            f"ada@{'ü' * 64}.org",
            f"“{'ü' * 64}.org” is not a name that mail can be sent to. Check the part after the @",
        ),
        (
            ".ada@example.org",
            "Mail cannot be sent to this address. Check the part before the @",
        ),
        (
            "ada..l@example.org",
            "Mail cannot be sent to this address. Check the part before the @",
        ),
        ("ada@portal.invalid", "Mail cannot be sent to this address. Check the part after the @"),
    ],
)
def test_address_that_no_mail_reaches_is_refused_with_the_reason(typed, reason):
    with pytest.raises(AddressRefused) as refused:
        clean_address(typed)
    assert str(refused.value.message) == reason


def test_capitals_make_no_other_address_and_sharp_s_does():
    assert comparable("Ada@straße.example") == comparable("ada@straße.example")
    assert comparable("ada@straße.example") != comparable("ada@strasse.example")


def test_form_field_leaves_the_address_that_stands():
    field = AddressField()
    field.stands = "staff@rehearsal.invalid"
    assert field.clean("staff@rehearsal.invalid") == "staff@rehearsal.invalid"
    with pytest.raises(ValidationError):
        field.clean("admin@rehearsal.invalid")


def test_form_field_gives_the_address_as_it_is_kept():
    assert AddressField().clean(" Ada@EXAMPLE.org. ") == "Ada@example.org"
    assert AddressField(required=False).clean("") == ""
    with pytest.raises(ValidationError) as refused:
        AddressField().clean("jürgen@example.org")
    assert "before the @" in refused.value.messages[0]
