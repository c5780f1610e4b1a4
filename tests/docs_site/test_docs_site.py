"""``make docs`` builds every page, and refuses dead links."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from databases import open_engine, plain_app
from lxml import html
from lxml.html import HtmlElement

from tools.docs import gallery, rooms
from tools.docs.furnished import furnish
from tools.docs.links import Links
from tools.docs.reading import heading_anchor, render_page
from tools.docs.rooms import TOP, DocPage
from tools.docs.site import BrokenLinksError, build


@pytest.fixture(scope="module")
def components(registers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """The components, as the templates of this checkout write them."""
    with registers.new("sqlite", tmp_path_factory.mktemp("furnished")) as settings:
        with open_engine(settings.database_url) as engine:
            furnish(engine, settings.instance)
        with plain_app(settings) as app:
            yield gallery.specimens(app)


@pytest.fixture(scope="module")
def site_folder(components: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole site."""
    folder = tmp_path_factory.mktemp("built") / "docs"
    build(folder, components)
    return folder


@pytest.fixture(scope="module")
def pages(site_folder: Path) -> Mapping[str, HtmlElement]:
    """Every page of the site, by its address."""
    return {
        path.relative_to(site_folder).as_posix(): html.document_fromstring(path.read_text("utf-8"))
        for path in sorted(site_folder.rglob("*.html"))
    }


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the checkout whose pages a test may change."""
    for name in ("docs", "static/css"):
        shutil.copytree(TOP / name, tmp_path / name)
    for name in ("SECURITY.md", "CHANGELOG.md"):
        shutil.copyfile(TOP / name, tmp_path / name)
    return tmp_path


# --- the site ----------------------------------------------------------------------------------


def test_every_page_of_docs_is_in_the_site_and_named_on_each_page(pages):
    assert set(pages) == {room.address for room in rooms.doc_pages()}
    for address, page in pages.items():
        assert len(page.xpath("//nav[@id='sommaire']//a")) == len(pages), address
        assert page.xpath("//nav[@id='sommaire']//a[@aria-current='page']"), address
        assert len(page.xpath("//h1")) == 1, address
        assert page.get("lang") in ("fr", "en")


def test_every_address_in_the_site_leads_to_a_file_of_it_and_an_anchor_there(site_folder, pages):
    for address, page in pages.items():
        targets = page.xpath("//*[not(ancestor-or-self::*[@inert])]/@href | //@src")
        for target in targets:
            if re.match("[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            target_file = (site_folder / address).parent / name if name else site_folder / address
            assert target_file.is_file(), (address, target)
            if anchor:
                target_page = pages[
                    target_file.resolve().relative_to(site_folder.resolve()).as_posix()
                ]
                assert target_page.xpath("//*[@id=$one]", one=anchor), (address, target)


def test_one_page_leads_to_the_next_and_back(pages):
    next_addresses = {
        address: page.xpath("string(//nav[contains(@class, 'turn')]/a[@rel='next']/@href)")
        for address, page in pages.items()
    }
    assert next_addresses["index.html"] == "citoyen.html"
    assert [address for address, next_address in next_addresses.items() if not next_address] == [
        list(rooms.doc_pages())[-1].address
    ]


def test_the_site_requests_nothing_from_others_and_runs_no_script(pages):
    for address, page in pages.items():
        assert not page.xpath("//script | //iframe | //@style"), address
        addresses = page.xpath("//link/@href | //img/@src")
        assert not [target for target in addresses if re.match("[a-z]+:|//", target)], address


def test_an_id_is_unique_on_its_page(pages):
    for address, page in pages.items():
        repeated = [
            element_id for element_id, count in Counter(page.xpath("//@id")).items() if count > 1
        ]
        assert repeated == [], address


def test_the_sheets_are_those_of_the_register(site_folder):
    for name in ("tokens", "base", "page", "print"):
        sheet = (TOP / "static" / "css" / f"{name}.css").read_text("utf-8")
        assert sheet in (site_folder / "docs.css").read_text("utf-8")
        assert sheet in (site_folder / "components.css").read_text("utf-8")


def test_linked_files_are_copied_to_the_site(site_folder):
    assert (site_folder / "verifier.py").read_bytes() == (TOP / "docs" / "verifier.py").read_bytes()


# --- the components ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", gallery.COMPONENTS)
def test_every_component_is_on_the_style_page_with_its_markup(name, components, pages):
    assert gallery.MARK.findall((TOP / rooms.STYLE).read_text("utf-8")).count(name) == 1
    specimen, markup = html.fragment_fromstring(components[name])
    assert specimen.get("inert") is not None
    assert (
        specimen.text_content().split()
        == html.fromstring(markup.xpath("string(.//code)")).text_content().split()
    )


def test_the_components_are_of_the_real_cases(components):
    assert "Relaxe de la personne poursuivie" in components["etapes"]
    assert "Chartres" in components["qui-contre-qui"]
    assert "Gagny" in components["signalement"] + components["file"]
    assert "dites ce qui s’est passé" in components["erreurs"]


# --- what is refused ---------------------------------------------------------------------------


# Each piece of Markdown that leads nowhere, and what the build says of it.
DEAD_LINKS = {
    "[a](nowhere.md)": "nowhere.md leads nowhere",
    "[a](moderation.md#nulle-part)": "moderation.md#nulle-part leads nowhere",
    "[a](#nulle-part)": "#nulle-part leads nowhere",
    "![a](img/nowhere.webp)": "img/nowhere.webp leads nowhere",
    # A file of the code has no place in the site.
    "[a](../pyproject.toml)": "../pyproject.toml leads nowhere",
    "<!-- composant: licorne -->": "there is no component licorne",
}


def test_a_dead_link_stops_the_build_with_its_file_and_line(checkout, components, tmp_path):
    page = checkout / "docs" / "citoyen.md"
    text = page.read_text("utf-8") + "".join(f"\n{markdown}\n" for markdown in DEAD_LINKS)
    page.write_text(text, "utf-8")
    lines = text.splitlines()
    site = tmp_path / "site"
    site.mkdir()
    (site / "before").touch()
    with pytest.raises(BrokenLinksError) as refusal:
        build(site, components, checkout)
    assert sorted(refusal.value.problems) == sorted(
        f"docs/citoyen.md:{lines.index(markdown) + 1}: {problem}"
        for markdown, problem in DEAD_LINKS.items()
    )
    assert (site / "before").exists()


def test_a_page_outside_every_wing_stops_the_build(checkout, components, tmp_path):
    (checkout / "docs" / "nouvelle.md").write_text("# Nouvelle\n", "utf-8")
    with pytest.raises(BrokenLinksError, match=r"docs/nouvelle\.md:1: this page is in no wing"):
        build(tmp_path / "site", components, checkout)


def test_a_former_site_is_replaced(checkout, components, tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    (site / "former.html").touch()
    build(site, components, checkout)
    assert not (site / "former.html").exists()


# --- a page ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("Le dossier pour un avocat", "le-dossier-pour-un-avocat"),
        ("It’s here", "its-here"),
        ("Qui a dit « non » ?", "qui-a-dit--non--"),
    ],
)
def test_an_anchor_is_the_one_that_a_forge_makes(heading, anchor):
    assert heading_anchor(heading) == anchor
    assert anchor in render_page(f"# {heading}\n", "fr").anchors


def test_french_pages_have_french_spaces_and_code_is_left_alone():
    rendered = render_page("Vraiment ? `a ? b`", "fr").html
    assert "Vraiment\u202f?" in rendered
    assert "<code>a ? b</code>" in rendered
    assert "Really ?" in render_page("Really ?", "en").html


def test_a_link_between_folders_is_relative():
    record, other = (
        DocPage("docs/decisions/0001.md", "1"),
        DocPage("docs/performance.md", "Performance"),
    )
    text = "[a](../performance.md#how) [b](https://exemple.test/x)"
    pages = {room.source: room for room in (record, other)}
    rendered = {record.source: render_page(text, "en"), other.source: render_page("# How\n", "en")}
    links = Links(TOP, pages, rendered)
    rewritten = links.rewrite(record, text)
    assert 'href="../performance.html#how"' in rewritten
    assert 'href="https://exemple.test/x"' in rewritten
    assert links.broken == []
