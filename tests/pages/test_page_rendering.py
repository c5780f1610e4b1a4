"""Rendering of editorial pages: links, headings, markers and unsafe HTML."""

from __future__ import annotations

import re

import pytest

from register.config import LEGAL_FIELDS
from register.errors import Invalid
from register.pages import content
from register.pages.content import DEFINITIONS, fill_markers, render_page


def fill(text: str, **values: str) -> str:
    settings = dict.fromkeys(LEGAL_FIELDS, "") | values
    return fill_markers(
        render_page(text), settings, "rien", lambda name: f"<dl>{name} {{contact_email}}</dl>"
    )


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("[a](/methode#types)", '<p><a href="/methode#types">a</a></p>'),
        ("[a](/)", '<p><a href="/">a</a></p>'),
        ("[a](#ici)", '<p><a href="#ici">a</a></p>'),
        ("# A", "<h2>A</h2>"),
        ("## A", "<h2>A</h2>"),
        ("### A {#a-b}", '<h3 id="a-b">A</h3>'),
        ("#### A", "<h4>A</h4>"),
        ("## A {#Pas un nom}", "<h2>A {#Pas un nom}</h2>"),
        ("<script>x</script>", "<p>&lt;script&gt;x&lt;/script&gt;</p>"),
        ("[a](javascript:x)", '<p><a rel="nofollow noopener noreferrer">a</a></p>'),
    ],
)
def test_markdown_is_rendered_as_html(text: str, html: str) -> None:
    assert render_page(text) == html


@pytest.mark.parametrize(
    "address",
    [
        "//ailleurs.test/x",
        "/\\ailleurs.test",
        "///ailleurs.test",
        "/&#47;ailleurs.test",
        # A browser leaves the tab out, and the renderer the control character.
        "/&#9;/ailleurs.test",
        "/&#1;/ailleurs.test",
    ],
)
def test_no_link_within_the_site_leads_out_of_it(address: str) -> None:
    (href,) = re.findall(r'href="([^"]*)"', render_page(f"[a]({address})")) or [""]
    assert not re.match(r"/[/\\\s]", href)


def test_a_link_to_another_site_is_nofollow() -> None:
    assert 'rel="nofollow' in render_page("[a](https://exemple.test/)")


def test_markers_are_filled_and_escaped_once() -> None:
    html = fill(
        "À {contact_email}, {publisher_phone}.\n\n{types}", contact_email="<b>{issues}</b>{#a}"
    )
    assert html == (
        "<p>À &lt;b&gt;{issues}&lt;/b&gt;{#a}, rien.</p>\n<dl>types {contact_email}</dl>"
    )


def test_a_paragraph_may_be_a_single_setting() -> None:
    assert fill("{publisher_name}", publisher_name="L’association") == "<p>L’association</p>"


@pytest.mark.parametrize("name", content.PAGE_NAMES)
def test_the_links_of_a_shipped_page_lead_to_existing_headings(name: str) -> None:
    html = content.shipped_page(name).html
    anchors = re.findall(r' id="([^"]+)"', html)
    assert len(anchors) == len(set(anchors))
    assert set(re.findall(r'href="#([^"]+)"', html)) <= set(anchors)
    for page, anchor in re.findall(r'href="/([a-z-]+)#([^"]+)"', html):
        if page in content.PAGE_NAMES:
            assert f'id="{anchor}"' in content.shipped_page(page).html, (page, anchor)
    assert not re.search(r"<h[1-6][^>]*>[^<]*\{", html)


def test_what_follows_the_marker_folds_under_its_headings() -> None:
    html = render_page("Un.\n\n## Deux\n\n{replis}\n\nTrois.\n\n## Quatre {#q}\n\nCinq.\n\n## Six")
    opening, folds = content.split_folds(html)
    assert opening.split() == ["<p>Un.</p>", "<h2>Deux</h2>", "<p>Trois.</p>"]
    assert [(anchor, title, text.strip()) for anchor, title, text in folds] == [
        ("q", "Quatre", "<p>Cinq.</p>"),
        ("", "Six", ""),
    ]


def test_a_page_without_the_marker_has_no_folds() -> None:
    html = render_page("Un.\n\n## Deux")
    opening, folds = content.split_folds(html)
    assert (opening, list(folds)) == (html, [])


@pytest.mark.parametrize("text", ["{replis}\n\n{replis}", "un {replis} mot"])
def test_the_marker_of_folds_stands_alone_and_once(text: str) -> None:
    with pytest.raises(Invalid, match="page_marker"):
        render_page(text)


@pytest.mark.parametrize("name", ["sommaire", "contenu"])
def test_a_heading_may_not_take_a_name_of_the_frame_of_pages(name: str) -> None:
    with pytest.raises(Invalid, match="page_anchor"):
        render_page(f"## A {{#{name}}}")


def test_the_page_of_the_method_has_every_definition() -> None:
    html = content.shipped_page("methode").html
    assert all(f"<p>{{{name}}}</p>" in html for name in DEFINITIONS)


@pytest.mark.parametrize("text", ["{inconnu}", "un {types} mot", "- {types}", "{types} {types}"])
def test_a_marker_that_nothing_fills_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        render_page(text)
    assert refused.value.key == "page_marker"


@pytest.mark.parametrize("link", ["[x](/methode)", "[x](#filmer)"])
def test_a_link_in_an_example_is_shown_as_it_was_written(link: str) -> None:
    assert f"<code>{link}</code>" in render_page(f"Écrivez `{link}`.")


def test_an_address_of_another_site_is_not_rewritten() -> None:
    for away in ("[x](//elsewhere.test)", "[x](/\\\\elsewhere.test)"):
        assert 'href="/' not in render_page(away)
