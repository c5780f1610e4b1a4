"""Pages without JavaScript, and pages in print."""

from __future__ import annotations

import re

import pytest
from demo_site import Site
from page_checks import STICKS_OUT, Opener
from playwright.sync_api import expect
from viewports import mainly

pytestmark = pytest.mark.browser


def test_scripts_are_really_off(reader: Opener) -> None:
    """The proof that the tests below read without JavaScript."""
    page = reader("home", scripts=False)
    page.set_content("<p>tel quel</p><script>document.body.textContent = 'changé'</script>")
    expect(page.locator("body")).to_have_text("tel quel")


@pytest.mark.parametrize("typed", mainly("puteaux", "Puteaux", "92062", "PUTEAUX "))
def test_a_commune_is_found_from_the_front_page(reader: Opener, typed: str) -> None:
    page = reader("home", scripts=False)
    page.get_by_label("Chercher un lieu ou un mot").fill(typed)
    page.get_by_role("button", name="Chercher").click()
    expect(page).to_have_url(re.compile(r"/incidents\?q="))
    expect(page.locator(".entry")).to_have_count(4)
    page.get_by_role("link", name="Puteaux (Hauts-de-Seine)").first.click()
    expect(page).to_have_url(re.compile(r"/communes/92062$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Puteaux")
    expect(page.locator(".entry")).to_have_count(4)


def test_a_name_of_several_places_asks_which_one(reader: Opener) -> None:
    page = reader("communes", scripts=False)
    page.get_by_label("Chercher une commune").fill("saint-denis")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Saint-Denis (Seine-Saint-Denis)").click()
    expect(page).to_have_url(re.compile(r"/communes/93066$"))
    expect(page.locator(".entry")).to_have_count(1)


def test_communes_of_the_same_name_are_told_apart(reader: Opener) -> None:
    page = reader("communes", scripts=False)
    names = page.locator(".places a > span:first-child").all_inner_texts()
    assert "Saint-Denis (La Réunion)" in names
    assert "Saint-Denis (Seine-Saint-Denis)" in names
    assert "Puteaux" in names
    assert len(names) == len(set(names))


@pytest.mark.parametrize("button", mainly("Appliquer", "Chercher"))
def test_words_and_ticks_go_together_by_either_button(reader: Opener, button: str) -> None:
    page = reader("list", scripts=False)
    page.get_by_role("checkbox", name="Accès à l’information").check()
    page.locator("#q").fill("maire")
    page.get_by_role("button", name=button, exact=True).click()
    expect(page).to_have_url(re.compile(r"/incidents\?q=maire&famille=acces$"))
    expect(page.locator("#q")).to_have_value("maire")
    expect(page.get_by_role("checkbox", name="Accès à l’information")).to_be_checked()


@pytest.mark.parametrize("width", mainly(390, 1280))
def test_filters_are_set_and_taken_off_one_by_one(reader: Opener, width: int) -> None:
    page = reader("list", width=width, scripts=False)
    if width < 1056:
        page.locator(".filters > summary").click()
    page.get_by_role("checkbox", name="Procédures et menaces").check()
    page.locator("summary", has_text="Département").click()
    page.get_by_role("checkbox", name="Hauts-de-Seine").check()
    page.get_by_label("Jusqu’à").fill("2010")
    page.get_by_role("button", name="Appliquer").click()
    chips = page.get_by_role("group", name="Filtres en vigueur").get_by_role("link")
    expect(chips).to_have_count(4)  # three filters, and the link that clears them all
    narrow = page.locator(".entry").count()
    assert narrow >= 1
    page.get_by_role("link", name=re.compile("Retirer.*Hauts-de-Seine")).click()
    expect(chips).to_have_count(3)
    assert "departement=" not in page.url
    assert "famille=justice" in page.url
    assert page.locator(".entry").count() > narrow
    page.get_by_role("link", name="Tout effacer").click()
    expect(page).to_have_url(re.compile(r"/incidents$"))


def test_a_place_typed_among_the_filters_becomes_a_filter(reader: Opener) -> None:
    page = reader("list", scripts=False)
    page.get_by_label("Lieu", exact=True).fill("gagny")
    page.get_by_role("button", name="Appliquer").click()
    expect(page).to_have_url(re.compile(r"commune=93032"))
    expect(page.locator(".entry")).to_have_count(2)
    assert set(page.locator(".entry .place b").all_inner_texts()) == {"Gagny"}


def test_the_pages_of_the_list_show_every_case_once(reader: Opener) -> None:
    page = reader("list", scripts=False)
    links = page.locator(".entry :is(h2, h3) a")
    addresses = [link.get_attribute("href") for link in links.all()]
    page.get_by_role("link", name="Suivante").click()
    expect(page).to_have_url(re.compile(r"page=2$"))
    addresses += [link.get_attribute("href") for link in links.all()]
    assert len(addresses) == len(set(addresses)) == 36
    page.get_by_role("link", name="Précédente").click()
    expect(page).to_have_url(re.compile(r"/incidents$"))


def test_a_case_leads_to_its_sources_and_a_withdrawn_one_says_why(
    reader: Opener, site: Site
) -> None:
    page = reader("list", scripts=False)
    page.goto(site.url("case"))
    source = page.locator(".srcs a").first
    assert source.get_attribute("href").startswith("http")
    assert {"noopener", "noreferrer", "nofollow"} <= set(source.get_attribute("rel").split())
    response = page.goto(site.url("tombstone"))
    assert response.status == 410
    expect(page.get_by_role("heading", level=1)).to_have_text("Ce cas a été retiré")
    expect(page.locator(".sum")).to_contain_text("Motif")
    assert "caméra" not in page.content()


@pytest.mark.parametrize("scheme", mainly("dark", "light"))
def test_a_case_is_printed_whole_in_black_on_white(reader: Opener, scheme: str) -> None:
    # 180 mm of paper, at 96 points an inch.
    page = reader("whole case", width=680, height=1000, scheme=scheme)
    page.emulate_media(media="print", color_scheme=scheme)
    assert page.evaluate(STICKS_OUT) == []
    ink, paper = page.evaluate(
        "[getComputedStyle(document.body).color,"
        " getComputedStyle(document.documentElement).backgroundColor]"
    )
    assert (ink, paper) == ("rgb(0, 0, 0)", "rgb(255, 255, 255)")
    for printed in (".key", ".deeds", "#recit", "#reponse-1", "#suites", "#corrections", ".scale"):
        expect(page.locator(printed).first).to_be_visible()
    for hidden in (".nav", ".skip", ".top .btn", ".foot ul"):
        expect(page.locator(hidden)).to_be_hidden()
    # The addresses of a source and of its copy are read on the paper after their words.
    source, copy = page.locator(".srcs a").first, page.locator(".srcs .small a").first
    after = "(link) => getComputedStyle(link, '::after').content"
    assert "https://exemple.test/" in source.evaluate(after)
    assert "https://archive.test/" in copy.evaluate(after)
    # The address of the case itself is on the paper.
    expect(page.locator("aside .cite")).to_be_visible()


@pytest.mark.parametrize(
    ("path", "anchor"),
    [
        pytest.param("/vos-droits#filmer", "filmer", marks=pytest.mark.prove),
        ("/methode#type-expulsion", "type-expulsion"),
        pytest.param("/methode#retrait", "retrait", marks=pytest.mark.prove),
        pytest.param("/donnees#verifier", "verifier", marks=pytest.mark.prove),
        pytest.param("/en/confidentialite#duree", "duree", marks=pytest.mark.prove),
    ],
)
def test_a_link_to_a_folded_part_opens_it_without_scripts(
    reader: Opener, site: Site, path: str, anchor: str
) -> None:
    page = reader("about", scripts=False, width=390)
    page.goto(site.url(path))
    part = page.locator(f"#{anchor}")
    expect(part).to_be_in_viewport()
    # Every fold around it is open, for those who hear the page too.
    assert part.evaluate(
        "(part) => [...document.querySelectorAll('details')]"
        ".filter((fold) => fold.contains(part)).every((fold) => fold.open)"
    )
    if anchor == "filmer":
        # Its title stays in sight, and each part leads back to the list.
        expect(page.locator("details[open] > summary")).to_be_in_viewport()
        page.locator("#filmer").get_by_role("link", name="Retour à la liste").click()
        expect(page.locator("#sommaire > details").first).to_be_in_viewport()


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("method", ("#champ", "#type-expulsion", "#limites")),
        pytest.param("home", (".unfold .places",), marks=pytest.mark.prove),
        pytest.param("figures", ("table.figures",), marks=pytest.mark.prove),
        pytest.param("commune", (".folds .sum",), marks=pytest.mark.prove),
    ],
)
def test_paper_unfolds_everything(reader: Opener, name: str, parts: tuple[str, ...]) -> None:
    page = reader(name, width=700)
    visible = "(part) => part.checkVisibility({contentVisibilityAuto: true})"
    for part in parts:
        assert not page.locator(part).first.evaluate(visible), part
    page.emulate_media(media="print")
    for part in parts:
        assert page.locator(part).first.evaluate(visible), part


@pytest.mark.parametrize("path", mainly("/", "/en/"))
def test_the_front_page_fits_four_screens_of_a_phone(reader: Opener, site: Site, path: str) -> None:
    page = reader("home", width=390, height=844)
    page.goto(site.url(path))
    assert page.evaluate("document.documentElement.scrollHeight") <= 4 * 844


@pytest.mark.parametrize(
    ("width", "limit"), [(390, 2_200), pytest.param(1280, 1_480, marks=pytest.mark.prove)]
)
def test_a_case_of_one_line_of_fact_is_short(reader: Opener, width: int, limit: int) -> None:
    page = reader("case of Gagny", width=width)
    assert page.evaluate("document.documentElement.scrollHeight") <= limit
    for fold in page.locator("main details").all():
        assert fold.evaluate("(details) => !details.open")


def test_places_open_by_themselves_beside_the_map(reader: Opener) -> None:
    expect(reader("home", width=390).locator(".unfold .places").first).to_be_hidden()
    expect(reader("home", width=1280).locator(".unfold .places").first).to_be_visible()


def test_the_first_box_of_a_report_stands_on_the_first_screen(reader: Opener) -> None:
    page = reader("report", width=390, height=844)
    expect(page.locator("#recit")).to_be_in_viewport(ratio=0.9)
    # What a browser keeps is said before it.
    note, box = page.locator("div.note").bounding_box(), page.locator("#recit").bounding_box()
    assert note
    assert box
    assert note["y"] + note["height"] < box["y"]
    expect(page.locator("div.note")).to_contain_text("navigation privée")
