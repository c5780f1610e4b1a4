"""``make docs`` builds every page, and refuses what leads nowhere."""

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
def shown(registers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """The components, as the templates of this checkout write them."""
    with registers.new("sqlite", tmp_path_factory.mktemp("furnished")) as settings:
        with open_engine(settings.database_url) as engine:
            furnish(engine, settings.instance)
        with plain_app(settings) as app:
            yield gallery.specimens(app)


@pytest.fixture(scope="module")
def built(shown: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole site."""
    folder = tmp_path_factory.mktemp("built") / "docs"
    build(folder, shown)
    return folder


@pytest.fixture(scope="module")
def pages(built: Path) -> Mapping[str, HtmlElement]:
    """Every page of the site, by its address."""
    return {
        path.relative_to(built).as_posix(): html.document_fromstring(path.read_text("utf-8"))
        for path in sorted(built.rglob("*.html"))
    }


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A checkout whose pages a test may spoil."""
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


def test_every_address_in_the_site_leads_to_a_file_of_it_and_an_anchor_there(built, pages):
    for address, page in pages.items():
        ours = page.xpath("//*[not(ancestor-or-self::*[@inert])]/@href | //@src")
        for target in ours:
            if re.match("[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            there = (built / address).parent / name if name else built / address
            assert there.is_file(), (address, target)
            if anchor:
                where = pages[there.resolve().relative_to(built.resolve()).as_posix()]
                assert where.xpath("//*[@id=$one]", one=anchor), (address, target)


def test_one_page_leads_to_the_next_and_back(pages):
    after = {
        address: page.xpath("string(//nav[contains(@class, 'turn')]/a[@rel='next']/@href)")
        for address, page in pages.items()
    }
    assert after["index.html"] == "citoyen.html"
    assert [address for address, following in after.items() if not following] == [
        list(rooms.doc_pages())[-1].address
    ]


def test_the_site_asks_nobody_for_anything_and_runs_no_script(pages):
    for address, page in pages.items():
        assert not page.xpath("//script | //iframe | //@style"), address
        fetched = page.xpath("//link/@href | //img/@src")
        assert not [one for one in fetched if re.match("[a-z]+:|//", one)], address


def test_an_id_is_there_once(pages):
    for address, page in pages.items():
        again = [one for one, count in Counter(page.xpath("//@id")).items() if count > 1]
        assert again == [], address


def test_the_sheets_are_those_of_the_register(built):
    for name in ("tokens", "base", "page", "print"):
        sheet = (TOP / "static" / "css" / f"{name}.css").read_text("utf-8")
        assert sheet in (built / "docs.css").read_text("utf-8")
        assert sheet in (built / "components.css").read_text("utf-8")


def test_files_that_pages_point_at_come_along(built):
    assert (built / "verifier.py").read_bytes() == (TOP / "docs" / "verifier.py").read_bytes()


# --- the components ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", gallery.COMPONENTS)
def test_every_component_is_on_the_style_page_with_its_markup(name, shown, pages):
    assert gallery.MARK.findall((TOP / rooms.STYLE).read_text("utf-8")).count(name) == 1
    looks, markup = html.fragment_fromstring(shown[name])
    assert looks.get("inert") is not None
    assert (
        looks.text_content().split()
        == html.fromstring(markup.xpath("string(.//code)")).text_content().split()
    )


def test_the_components_are_of_the_real_cases(shown):
    assert "relaxe de la personne poursuivie" in shown["etapes"]
    assert "Chartres" in shown["qui-contre-qui"]
    assert "Gagny" in shown["signalement"] + shown["file"]
    assert "dites ce qui s’est passé" in shown["erreurs"]


# --- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("[a](nowhere.md)", "nowhere.md leads nowhere"),
        ("[a](moderation.md#nulle-part)", "moderation.md#nulle-part leads nowhere"),
        ("[a](#nulle-part)", "#nulle-part leads nowhere"),
        ("![a](img/nowhere.webp)", "img/nowhere.webp leads nowhere"),
        # A file of the code has no place in the site.
        ("[a](../pyproject.toml)", "../pyproject.toml leads nowhere"),
        ("<!-- composant: licorne -->", "there is no component licorne"),
    ],
)
def test_a_dead_link_stops_the_build_with_its_file_and_line(copied, shown, tmp_path, written, told):
    page = copied / "docs" / "citoyen.md"
    lines = page.read_text("utf-8").count("\n")
    page.write_text(f"{page.read_text('utf-8')}\n{written}\n", "utf-8")
    site = tmp_path / "site"
    site.mkdir()
    (site / "before").touch()
    with pytest.raises(BrokenLinksError) as refused:
        build(site, shown, copied)
    assert refused.value.problems == [f"docs/citoyen.md:{lines + 2}: {told}"]
    assert (site / "before").exists()


def test_a_page_that_nobody_would_find_stops_the_build(copied, shown, tmp_path):
    (copied / "docs" / "nouvelle.md").write_text("# Nouvelle\n", "utf-8")
    with pytest.raises(BrokenLinksError, match=r"docs/nouvelle\.md:1: this page is in no wing"):
        build(tmp_path / "site", shown, copied)


def test_what_was_built_before_is_replaced(copied, shown, tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    (site / "former.html").touch()
    build(site, shown, copied)
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
    made = render_page("Vraiment ? `a ? b`", "fr").html
    assert "Vraiment\u202f?" in made
    assert "<code>a ? b</code>" in made
    assert "Really ?" in render_page("Really ?", "en").html


def test_a_link_between_folders_is_relative():
    record, other = (
        DocPage("docs/decisions/0001.md", "1"),
        DocPage("docs/performance.md", "Performance"),
    )
    text = "[a](../performance.md#how) [b](https://exemple.test/x)"
    known = {room.source: room for room in (record, other)}
    there = {record.source: render_page(text, "en"), other.source: render_page("# How\n", "en")}
    links = Links(TOP, known, there)
    made = links.rewrite(record, text)
    assert 'href="../performance.html#how"' in made
    assert 'href="https://exemple.test/x"' in made
    assert links.broken == []
