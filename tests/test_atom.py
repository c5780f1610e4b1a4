"""The checker of feeds (tests/atom.py) finds faults."""

from __future__ import annotations

import pytest
from atom import faults, html_faults, read

VALID = """<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:fh="http://purl.org/syndication/history/1.0"
  xmlns:georss="http://www.georss.org/georss" xml:lang="fr">
<id>tag:registre.test,2026-03-02:/incidents</id>
<title>Le registre</title>
<updated>2026-03-02T10:30:00+01:00</updated>
<author><name>Association</name><uri>https://registre.test/</uri></author>
<link rel="self" href="https://registre.test/incidents.atom?avant=1" type="application/atom+xml"/>
<link rel="alternate" href="https://registre.test/incidents" type="text/html"/>
<link rel="next" href="https://registre.test/incidents.atom?avant=2" type="application/atom+xml"/>
<link rel="prev-archive" href="https://registre.test/incidents.atom?avant=2"
  type="application/atom+xml"/>
<link rel="current" href="https://registre.test/incidents.atom" type="application/atom+xml"/>
<fh:archive/>
<entry xml:lang="en">
<id>tag:registre.test,2026-03-02:evenement/1</id>
<title>Un cas</title>
<published>2026-03-02T09:30:00Z</published>
<updated>2026-03-02T10:30:00+01:00</updated>
<link rel="alternate" href="https://registre.test/incidents/1" type="text/html"/>
<category scheme="tag:registre.test,2026-03-02:type" term="expulsion" label="Expulsion"/>
<content type="html">&lt;p>Un texte.&lt;br>Deux.&lt;/p></content>
<georss:point>48.88 2.53</georss:point>
</entry>
<entry>
<id>tag:registre.test,2026-03-02:evenement/2</id>
<title>Un autre</title>
<published>2026-03-01T09:30:00Z</published>
<updated>2026-03-01T09:30:00Z</updated>
<link rel="alternate" href="https://registre.test/incidents/2" type="text/html"/>
<content type="html">&lt;p>Un texte.&lt;/p></content>
</entry>
</feed>
"""
_PAGE = '<link rel="alternate" href="https://registre.test/incidents" type="text/html"/>'


def test_a_valid_document_has_no_fault() -> None:
    assert faults(VALID.encode()) == []
    feed = read(VALID.encode())
    assert (feed.archive, feed.link("current")) == (True, "https://registre.test/incidents.atom")
    assert [entry.language for entry in feed.entries] == ["en", "fr"]
    assert feed.entries[0].published == feed.entries[0].updated


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        # By the grammar.
        ("<title>Un cas</title>\n", "", "grammar"),
        ("<title>Un cas</title>", "<title>Un cas</title><title>Deux</title>", "grammar"),
        ("<updated>2026-03-01T09:30:00Z</updated>\n", "", "grammar"),
        ("<published>2026-03-02T09:30:00Z", "<published>hier", "grammar"),
        ("<name>Association</name>", "", "grammar"),
        (' term="expulsion"', "", "grammar"),
        ('xml:lang="en"', 'xml:lang="en_GB"', "grammar"),
        ('type="text/html"', 'type="html"', "grammar"),
        ('<content type="html">', '<content type="xhtml">', "grammar"),
        ("<entry>", "<entry><étape/>", "grammar"),
        ("<entry>", '<entry rang="2">', "grammar"),
        # Not even XML.
        ("Un texte.", "Un \x0b texte.", "not XML"),
        ("Un texte.", "Un &nbsp; texte.", "not XML"),
        # By the prose.
        (_PAGE, "", "alternate"),
        (_PAGE, _PAGE * 2, "alternate"),
        (_PAGE, _PAGE.replace("/incidents", "/", 1) + _PAGE, "alternate"),
        ('rel="self"', 'rel="edit"', "not one self link"),
        ('"https://registre.test/incidents/1"', '"/incidents/1"', "not an absolute address"),
        ('"https://registre.test/incidents/1"', '"javascript:1"', "not an absolute address"),
        ("<author>", '<contributor><name>x</name></contributor><x xmlns="x"/><author>', ""),
        ("evenement/2", "evenement/1", "an id stands 2 times"),
        ("tag:registre.test,2026-03-02:evenement/1", "evenement/1", "no absolute URI"),
        ("tag:registre.test,2026-03-02:evenement/1", "tag:registre.test:1", "no absolute URI"),
        ("tag:registre.test,2026-03-02:evenement/1", "tag:a,2026:é", "no absolute URI"),
        ("evenement/1", "evenement/1 ", "no absolute URI"),
        ("2026-03-02T09:30:00Z", "2026-03-02T09:30:00", "with its offset"),
        ("2026-03-02T09:30:00Z", "2126-03-02T09:30:00Z", "in the future"),
        (":30:00+01:00", ":31:00+01:00", "when its newest entry was"),
        ("2026-03-01T09:30:00Z</updated>", "2026-03-01T09:29:00Z</updated>", "before it was"),
        ("2026-03-02T09:30:00Z", "2026-02-02T09:30:00Z", "newest first"),
        ("<fh:archive/>\n", "", "one without the other"),
        ('rel="current"', 'rel="via"', "one without the other"),
        ('rel="next"', 'rel="last"', "next and prev-archive"),
        ('avant=2"', 'avant=3"', "next and prev-archive"),
        ('<feed xmlns="http://www.w3.org/2005/Atom"', '<feed xmlns="http://elsewhere"', "grammar"),
        (' xml:lang="fr"', "", "no language"),
        ('type="html"', 'type="text"', "not HTML"),
        ('scheme="tag:registre.test,2026-03-02:type"', "", "scheme"),
        (' label="Expulsion"', "", "term or label"),
        ("48.88 2.53", "48,88 2,53", "not a point"),
        ("48.88 2.53", "98.88 2.53", "not a point"),
        ("48.88 2.53", "2.53", "not a point"),
    ],
)
def test_an_invalid_document_has_faults(old: str, new: str, expected: str) -> None:
    broken = VALID.replace(old, new, 1)
    assert broken != VALID
    document_faults = faults(broken.encode())
    if expected:
        assert any(expected in fault for fault in document_faults), document_faults
    else:
        assert document_faults == []


@pytest.mark.parametrize(
    "html",
    [
        "<p>Un",
        "Un</p>",
        "<p><em>Un</p></em>",
        "<p>Un & deux</p>",
        "<p>1 < 2</p>",
        "<script>1</script>",
        "<style>p {}</style>",
        '<p style="color: red">Un</p>',
        '<p onclick="1">Un</p>',
        '<p class="x">Un</p>',
        '<iframe src="https://exemple.test/"></iframe>',
        "<form>Un</form>",
        '<p>Un<img src="https://exemple.test/x"></p>',
        '<p><a href="/incidents/1">Un</a></p>',
        '<p><a href="#suites">Un</a></p>',
        '<p><a href="//exemple.test/">Un</a></p>',
        '<p><a href="javascript:1">Un</a></p>',
        '<p><a href="https:chemin">Un</a></p>',
        "<p>Un<!-- note --></p>",
        "<p> </p>",
        "",
    ],
)
def test_unsafe_html_has_faults(html: str) -> None:
    assert html_faults(html) != []


def test_safe_html_has_no_fault() -> None:
    html = '<p>1 &lt; 2 &amp; <a href="https://exemple.test/" rel="nofollow">é</a><br>\n<hr></p>'
    assert html_faults(html) == []
    assert html_faults('<ol start="3"><li>Un</li></ol>') == []
