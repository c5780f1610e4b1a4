"""How a reader finds a place by the keyboard: with the list under the box, and without a script."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from demo_site import Site
from page_checks import AXE, STICKS_OUT, Opener, Watch
from playwright.sync_api import Locator, Page, Route, expect

pytestmark = [pytest.mark.browser, pytest.mark.prove]

SUGGEST = re.compile(r"/communes/suggest$")
GAGNY = re.compile(r"/communes/93032$")
GAGNY_LINK = re.compile(r"Gagny \(Seine-Saint-Denis\)")
SAINT_DENIS = "Saint-Denis (Seine-Saint-Denis)"


def tab_to(page: Page, target: Locator) -> None:
    """Press the tabulator until the focus is where it is wanted, as one does without a mouse."""
    for _press in range(120):
        if target.evaluate("(element) => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("the keyboard does not get there")


def focused_box(page: Page) -> Locator:
    """The box for a place, reached by the keyboard."""
    box = page.locator("main .search input[name=q]")
    tab_to(page, box)
    return box


def options_under_box(page: Page) -> Locator:
    """The suggested places."""
    return page.get_by_role("listbox", name="Lieux proposés").get_by_role("option")


def suggestions(page: Page, typed: str) -> Locator:
    """Type a place and wait for the suggestions."""
    focused_box(page)
    with page.expect_response(SUGGEST):
        page.keyboard.type(typed)
    options = options_under_box(page)
    expect(options.first).to_be_visible()
    return options


# --- from the front page ----------------------------------------------------------------------


def expect_gagny(page: Page) -> None:
    """Require the page, or the list, of the two cases of Gagny and no other."""
    expect(page).to_have_url(re.compile(r"/communes/93032$|/incidents\?commune=93032$"))
    expect(page.locator(".entry")).to_have_count(2)


@pytest.mark.parametrize("typed", ["gagny", "93220", "93032"])
def test_from_the_front_page_to_gagny_without_a_script(reader: Opener, typed: str) -> None:
    page = reader("home", scripts=False)
    focused_box(page)
    page.keyboard.type(typed)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"/incidents\?q={typed}$"))
    tab_to(page, page.get_by_role("link", name=GAGNY_LINK).first)
    page.keyboard.press("Enter")
    expect_gagny(page)


@pytest.mark.parametrize("typed", ["gagny", "93220", "93032"])
def test_from_the_front_page_to_gagny_by_the_list(reader: Opener, typed: str) -> None:
    page = reader("home")
    suggestions(page, typed)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect_gagny(page)


def test_from_the_front_page_st_denis_leads_to_the_saint_denis_with_a_case(reader: Opener) -> None:
    page = reader("home", scripts=False)
    focused_box(page)
    page.keyboard.type("St Denis")
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("link", name=SAINT_DENIS).first)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/communes/93066$|commune=93066$"))
    expect(page.locator(".entry")).to_have_count(1)


@pytest.mark.parametrize("page_of", ["home", "list"])
def test_words_that_are_no_place_get_no_suggestion(reader: Opener, page_of: str) -> None:
    page = reader(page_of)
    focused_box(page)
    with page.expect_response(SUGGEST):
        page.keyboard.type("interdiction de filmer")
    expect(options_under_box(page)).to_have_count(0)
    expect(page.locator(".search [role=status], .search ~ [role=status]").first).to_have_text("")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/incidents\?q=interdiction\+de\+filmer$"))


def test_a_place_among_the_filters_is_filled_in_and_applied(reader: Opener) -> None:
    page = reader("list")
    box = page.get_by_label("Lieu", exact=True)
    tab_to(page, box)
    with page.expect_response(SUGGEST):
        page.keyboard.type("st denis")
    options = options_under_box(page)
    saint_denis = options.filter(has_text=SAINT_DENIS)
    expect(saint_denis).to_have_count(1)
    for _press in range(8):
        page.keyboard.press("ArrowDown")
        if saint_denis.get_attribute("aria-selected") == "true":
            break
    page.keyboard.press("Enter")
    expect(box).to_have_value(SAINT_DENIS)
    expect(options).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/incidents\?commune=93066$"))


# --- without a script, and with one that is not used ------------------------------------------


@pytest.mark.parametrize("scripts", [False, True], ids=["plain", "script"])
@pytest.mark.parametrize("typed", ["gagny", "93220", "93032"])
def test_gagny_is_found_by_name_and_by_both_codes(
    reader: Opener, typed: str, scripts: bool
) -> None:
    page = reader("communes", scripts=scripts)
    focused_box(page)
    page.keyboard.type(typed)
    page.keyboard.press("Enter")
    expect(page).to_have_url(GAGNY)
    expect(page.get_by_role("heading", level=1)).to_have_text("Gagny")
    expect(page.locator(".entry")).to_have_count(2)


@pytest.mark.parametrize("scripts", [False, True], ids=["plain", "script"])
def test_an_ambiguous_name_leads_through_a_choice_to_the_commune(
    reader: Opener, scripts: bool
) -> None:
    page = reader("communes", scripts=scripts)
    focused_box(page)
    page.keyboard.type("St Denis")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("lieux répondent")
    first = page.locator(".entry").first
    expect(first).to_contain_text("un cas")
    tab_to(page, page.get_by_role("link", name=SAINT_DENIS))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/communes/93066$"))
    expect(page.locator(".entry")).to_have_count(1)


def test_a_former_commune_leads_to_the_one_of_today_which_says_so(reader: Opener) -> None:
    page = reader("communes", scripts=False)
    focused_box(page)
    page.keyboard.type("Pierrefitte-sur-Seine")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/communes/93066\?nom=93059$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Saint-Denis")
    expect(page.locator(".note")).to_contain_text("Pierrefitte-sur-Seine")


def test_a_place_abroad_leads_to_its_case(reader: Opener) -> None:
    page = reader("communes", scripts=False)
    focused_box(page)
    page.keyboard.type("Bernissart")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/incidents\?endroit=Bernissart$"))
    expect(page.locator(".entry")).to_have_count(1)


# --- the list under the box -------------------------------------------------------------------


def test_the_arrows_and_enter_open_the_page_of_a_place(reader: Opener) -> None:
    page = reader("communes")
    options = suggestions(page, "gagny")
    expect(options.first).to_have_text("Gagny (Seine-Saint-Denis) deux cas")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(GAGNY)
    expect(page.locator(".entry")).to_have_count(2)


def test_the_right_saint_denis_is_offered_with_its_departement(reader: Opener) -> None:
    page = reader("communes")
    options = suggestions(page, "St Denis")
    saint_denis = options.filter(has_text=SAINT_DENIS)
    expect(saint_denis).to_have_count(1)
    for _press in range(options.count()):
        page.keyboard.press("ArrowDown")
        if saint_denis.get_attribute("aria-selected") == "true":
            break
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/communes/93066$"))


def test_a_mouse_or_a_finger_opens_a_place_too(reader: Opener) -> None:
    page = reader("communes", width=390)
    suggestions(page, "gagny").first.click()
    expect(page).to_have_url(GAGNY)


def test_enter_without_an_option_sends_the_form(reader: Opener) -> None:
    page = reader("communes")
    suggestions(page, "saint-denis")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/communes\?q=saint-denis$"))


def accessibility_nodes(page: Page) -> list[dict[str, Any]]:
    """Chromium's accessibility tree: role, name and properties of each node."""
    accessibility_tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")
    nodes = []
    for node in accessibility_tree["nodes"]:
        if node.get("ignored"):
            continue
        properties = {entry["name"]: entry["value"] for entry in node.get("properties", ())}
        nodes.append(
            {
                "role": node["role"]["value"],
                "name": node.get("name", {}).get("value", ""),
                "value": node.get("value", {}).get("value", ""),
                "id": node.get("backendDOMNodeId"),
                **{name: value.get("value", value) for name, value in properties.items()},
                "points at": [
                    related["backendDOMNodeId"]
                    for related in properties.get("activedescendant", {}).get("relatedNodes", ())
                ],
            }
        )
    return nodes


def nodes_with_role(page: Page, role: str) -> list[dict[str, Any]]:
    return [node for node in accessibility_nodes(page) if node["role"] == role]


def test_the_suggestions_are_exposed_to_screen_readers(reader: Opener) -> None:
    page = reader("communes")
    focused_box(page)
    (box,) = nodes_with_role(page, "combobox")
    assert (box["name"], box["expanded"], box["focused"]) == ("Chercher une commune", False, True)
    assert box["autocomplete"] == "list"
    assert nodes_with_role(page, "listbox") == []
    options = suggestions(page, "gagn")
    (box,) = nodes_with_role(page, "combobox")
    assert (box["value"], box["expanded"], box["points at"]) == ("gagn", True, [])
    (listbox,) = nodes_with_role(page, "listbox")
    assert listbox["name"] == "Lieux proposés"
    option_nodes = nodes_with_role(page, "option")
    assert len(option_nodes) == options.count() > 1
    assert "Gagny (Seine-Saint-Denis) deux cas" in {node["name"] for node in option_nodes}
    assert [node["selected"] for node in option_nodes] == [False] * len(option_nodes)
    (status,) = nodes_with_role(page, "status")
    assert status["live"] == "polite"
    expect(page.get_by_role("status")).to_have_text(
        f"{len(option_nodes)} lieux proposés, flèche bas pour les parcourir"
    )


def test_a_screen_reader_follows_the_arrows(reader: Opener) -> None:
    page = reader("communes")
    suggestions(page, "gagn")
    for index in range(2):
        page.keyboard.press("ArrowDown")
        option_nodes = nodes_with_role(page, "option")
        assert [node["selected"] for node in option_nodes].index(True) == index
        assert sum(node["selected"] for node in option_nodes) == 1
        (box,) = nodes_with_role(page, "combobox")
        assert box["points at"] == [option_nodes[index]["id"]]
        assert box["focused"], "the focus stays in the box"


@pytest.mark.parametrize("key", ["Home", "End", "ArrowLeft", "ArrowRight"])
def test_a_key_for_the_caret_goes_back_to_the_box(reader: Opener, key: str) -> None:
    page = reader("communes")
    options = suggestions(page, "gagny")
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press(key)
    expect(options.first).to_have_attribute("aria-selected", "false")
    caret = {"Home": 0, "ArrowLeft": 4}.get(key, 5)
    assert page.evaluate("document.activeElement.selectionStart") == caret
    expect(options.first).to_be_visible()


def test_the_arrows_go_round_by_way_of_the_box(reader: Opener) -> None:
    page = reader("communes")
    options = suggestions(page, "gagn")
    chosen = page.locator("[role=option][aria-selected=true]")
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(chosen).to_have_count(0)
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    expect(chosen).to_have_count(0)


def test_escape_closes_the_list_and_an_arrow_opens_it_again(reader: Opener) -> None:
    page = reader("communes")
    options = suggestions(page, "gagny")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(options).to_have_count(0)
    box = page.get_by_role("combobox", name="Chercher une commune")
    expect(box).to_have_value("gagny")
    expect(box).to_be_focused()
    expect(box).to_have_attribute("aria-expanded", "false")
    assert box.get_attribute("aria-activedescendant") is None
    expect(page.get_by_role("status")).to_have_text("")
    page.keyboard.press("ArrowDown")
    expect(options.first).to_be_visible()


def test_the_tabulator_leaves_without_choosing(reader: Opener) -> None:
    page = reader("communes")
    options = suggestions(page, "gagny")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(options).to_have_count(0)
    expect(page.get_by_role("button", name="Chercher")).to_be_focused()
    expect(page.locator("input[name=q]")).to_have_value("gagny")
    expect(page).to_have_url(re.compile(r"/communes$"))


def test_a_click_elsewhere_closes_the_list(reader: Opener) -> None:
    page = reader("communes")
    options = suggestions(page, "gagny")
    page.get_by_role("heading", level=1).click()
    expect(options).to_have_count(0)


# --- the network ------------------------------------------------------------------------------


def test_suggestions_are_requested_once_after_a_pause_and_never_for_one_letter(
    reader: Opener, watch: list[Watch]
) -> None:
    page = reader("communes")
    focused_box(page)
    page.keyboard.type("g")
    page.wait_for_timeout(400)
    assert [url for url in watch[0].requests if SUGGEST.search(url)] == []
    with page.expect_response(SUGGEST):
        page.keyboard.type("agny", delay=20)
    expect(options_under_box(page).first).to_be_visible()
    assert len([url for url in watch[0].requests if SUGGEST.search(url)]) == 1


def test_a_late_answer_does_not_take_the_place_of_the_newer_one(reader: Opener) -> None:
    page = reader("communes")
    held_routes: list[Route] = []

    def hold_first(route: Route) -> None:
        if route.request.post_data == "q=gag":
            held_routes.append(route)
        else:
            route.continue_()

    page.route(SUGGEST, hold_first)
    focused_box(page)
    with page.expect_request(SUGGEST):
        page.keyboard.type("gag")
    page.keyboard.type("ny")
    options = options_under_box(page)
    expect(options.first).to_contain_text("Gagny")
    before = options.all_inner_texts()
    (late_route,) = held_routes
    place = {"name": "Trop tard", "within": "", "detail": "", "address": "/", "text": ""}
    late_route.fulfill(json={"q": "gag", "places": [place]})
    page.wait_for_timeout(300)
    assert options.all_inner_texts() == before


FAILURES: dict[str, Callable[[Route], None]] = {
    "no network": lambda route: route.abort(),
    "an error": lambda route: route.fulfill(status=500, body="<h1>Panne</h1>"),
    "no JSON": lambda route: route.fulfill(status=200, body="<h1>Bienvenue sur le WiFi</h1>"),
    "other JSON": lambda route: route.fulfill(status=200, json={"chose": 1}),
    "no answer": lambda _route: None,
}


@pytest.mark.parametrize("failure", FAILURES)
def test_the_form_works_when_suggestions_fail(
    reader: Opener, watch: list[Watch], failure: str
) -> None:
    page = reader("communes")
    page.route(SUGGEST, FAILURES[failure])
    focused_box(page)
    with page.expect_request(SUGGEST):
        page.keyboard.type("gagny")
    page.wait_for_timeout(300)
    expect(options_under_box(page)).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page).to_have_url(GAGNY)
    # Chromium itself notes a request that failed; the script says nothing.
    complaints = [text for text in watch[0].complaints if "Failed to load resource" not in text]
    assert complaints == []
    watch[0].complaints.clear()


def test_suggestions_of_a_former_text_are_removed_when_the_next_request_fails(
    reader: Opener, watch: list[Watch]
) -> None:
    page = reader("communes")
    options = suggestions(page, "gag")
    page.route(SUGGEST, lambda route: route.abort())
    page.keyboard.type("ny")
    expect(options).to_have_count(0)
    watch[0].complaints.clear()


def test_suggestions_are_shown_as_text_never_as_markup(reader: Opener) -> None:
    page = reader("communes")
    name = "<img src=x onerror=alert(1)>"
    place = {"name": name, "within": "<b>", "detail": "<i>", "address": "/", "text": ""}
    page.route(SUGGEST, lambda route: route.fulfill(json={"q": "", "places": [place]}))
    options = suggestions(page, "gagny")
    expect(options.first).to_have_text(f"{name} (<b>) <i>")
    expect(page.get_by_role("status")).to_have_text("Un lieu proposé, flèche bas pour l’atteindre")
    assert page.locator(".suggest :is(img, b, i)").count() == 0


def test_a_box_among_other_fields_is_filled(reader: Opener, site: Site) -> None:
    page = reader("communes")

    def with_filling_box(route: Route) -> None:
        response = route.fetch()
        body = response.text().replace("data-suggest=", "data-suggest-fill data-suggest=")
        route.fulfill(response=response, body=body)

    page.route(re.compile(r"/communes$"), with_filling_box)
    page.goto(site.url("communes"))
    options = suggestions(page, "st denis")
    options.filter(has_text=SAINT_DENIS).click()
    box = page.get_by_role("combobox", name="Chercher une commune")
    expect(box).to_have_value(SAINT_DENIS)
    expect(box).to_be_focused()
    expect(options).to_have_count(0)
    expect(page).to_have_url(re.compile(r"/communes$"))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/communes/93066$"))


# --- the look ---------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_an_open_list(reader: Opener, scheme: str) -> None:
    page = reader("communes", scheme=scheme)
    suggestions(page, "saint-denis")
    page.keyboard.press("ArrowDown")
    page.evaluate(AXE_SCRIPT)
    report = page.evaluate(AXE)
    assert report["passes"]
    assert [violation["id"] for violation in report["violations"]] == []


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_an_open_list_fits_and_can_be_touched(reader: Opener, width: int) -> None:
    page = reader("communes", width=width)
    options = suggestions(page, "saint")
    assert page.evaluate(STICKS_OUT) == []
    boxes = [option.bounding_box() for option in options.all()]
    assert len(boxes) == 8
    assert all(box and box["height"] >= 44 for box in boxes)
    field = page.locator("input[name=q]").bounding_box()
    assert field
    assert boxes[0]["y"] >= field["y"] + field["height"]


@pytest.mark.parametrize("colours", ["none", "active"])
def test_the_selected_option_has_an_outline_in_any_colours(reader: Opener, colours: str) -> None:
    page = reader("communes")
    page.emulate_media(forced_colors=colours)
    options = suggestions(page, "gagn")
    outline = "(option) => getComputedStyle(option).outlineStyle"
    assert options.first.evaluate(outline) == "none"
    page.keyboard.press("ArrowDown")
    assert options.first.evaluate(outline) == "solid"


def test_the_last_option_is_brought_into_view(reader: Opener) -> None:
    page = reader("communes", width=390, height=500)
    suggestions(page, "saint")
    page.keyboard.press("ArrowUp")
    is_in_view = page.evaluate(
        "() => { const list = document.querySelector('.suggest').getBoundingClientRect();"
        " const last = document.querySelector('[aria-selected=true]').getBoundingClientRect();"
        " return last.top >= list.top - 1 && last.bottom <= list.bottom + 1; }"
    )
    assert is_in_view
