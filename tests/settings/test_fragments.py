"""The parts of pages that are the same for everybody."""

from django.core.cache import caches
from django.template import Context, Template

from evidence_portal import fragments
from evidence_portal.fragments import FragmentCache


def test_part_is_written_once_for_each_of_its_names():
    caches["template_fragments"].clear()
    template = Template("{% load cache %}{% cache None part name %}{{ words }}{% endcache %}")
    said = [
        template.render(Context({"name": name, "words": words}))
        for name, words in (("a", "first"), ("a", "second"), ("b", "third"))
    ]
    assert said == ["first", "first", "third"]
    caches["template_fragments"].clear()
    assert template.render(Context({"name": "a", "words": "fourth"})) == "fourth"


def test_there_are_never_more_than_the_most(monkeypatch):
    monkeypatch.setattr(fragments, "MOST", 3)
    kept = FragmentCache("", {})
    for number in range(10):
        kept.set(str(number), "words")
        assert kept.get(str(number)) == "words"
    assert sum(kept.get(str(number)) is not None for number in range(10)) <= 3
