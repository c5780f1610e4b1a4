"""Social cards: their texts, drawing and responses."""

from __future__ import annotations

from contextvars import Context
from io import BytesIO

import pytest
from case_contents import decided
from cast import CaseRef, Desk
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from PIL import Image, ImageChops
from werkzeug.test import TestResponse

from register.cases import vocabulary
from register.cases.web.public import social_cards
from register.cases.web.public.social_cards import HEIGHT, WIDTH, SocialCard, draw_card
from register.db import db

pytestmark = pytest.mark.one_database

LONG = (
    "Le maire fait expulser un blogueur de la salle du conseil municipal, puis annonce une plainte "
    "en diffamation contre le directeur d’un site d’information locale qui avait publié "
    "l’enregistrement intégral de la séance, et demande à l’hébergeur le retrait de la vidéo sous "
    "huit jours, "
)
LONG += "x" * (300 - len(LONG))
ARABIC = "منع صحفي محلي من تصوير جلسة المجلس البلدي"
KINDS = ("Plainte en diffamation, pression sur l’hébergeur, interdiction de filmer", "Preuve")


def get(client: FlaskClient, address: str) -> TestResponse:
    return Context().run(client.get, address)


def picture(card: SocialCard) -> Image.Image:
    image = Image.open(BytesIO(draw_card(card)))
    assert (image.format, image.size) == ("PNG", (WIDTH, HEIGHT))
    return image.convert("RGB")


def ink(card: SocialCard) -> tuple[int, int, int, int]:
    """The bounding box of the differences from an empty card."""
    box = difference(picture(card), picture(SocialCard(""))).getbbox()
    assert box
    return box


def difference(first: Image.Image, second: Image.Image) -> Image.Image:
    """Where two images differ by more than the shades of their reduced palettes."""
    return ImageChops.difference(first, second).convert("L").point(lambda shade: shade > 40 and 255)


# --- drawing ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "card",
    [
        SocialCard("Interdiction de filmer"),
        SocialCard(LONG, ("nº 1 234 567", "vers septembre 2006 (incertain)"), "Gagny " * 30, KINDS),
        SocialCard("W" * 300, ("W" * 60,), "W" * 90, ("W" * 200,)),
        SocialCard(ARABIC, ("nº 7",), "Saint-Denis (La Réunion)", KINDS),
        SocialCard("i " * 150, ("date inconnue",), "", ("x",)),
        SocialCard("A\u00a0b\u202f: « ê » 😀 \u2028 \ufffe\u202e"),
    ],
    ids=["short", "long", "unbreakable", "arabic", "many words", "odd signs"],
)
def test_texts_stay_inside_the_sheet(card: SocialCard) -> None:
    left, top, right, bottom = ink(card)
    assert left >= 20
    assert top >= 40
    assert right <= WIDTH - 40
    assert bottom <= HEIGHT - 15


def test_title_of_300_letters_is_complete() -> None:
    whole = picture(SocialCard(LONG, (), "Gagny", KINDS))
    assert difference(whole, picture(SocialCard(LONG[:-1], (), "Gagny", KINDS))).getbbox()


def test_title_does_not_overlap_the_footer() -> None:
    # Two lines of kinds and one of evidence, under a rule.
    below = (280, 446, WIDTH, HEIGHT)
    foot = picture(SocialCard("", (), "", KINDS)).crop(below)
    for title in (LONG, "W" * 300, "mot " * 75, "Interdiction"):
        bottom = picture(SocialCard(title, (), "", KINDS)).crop(below)
        assert difference(bottom, foot).getbbox() is None, title


def test_right_to_left_title_is_aligned_to_the_right() -> None:
    latin, arabic = ink(SocialCard("Un mot")), ink(SocialCard("كلمة"))
    assert latin[0] < 330
    assert latin[2] < 900
    assert arabic[0] > 700
    assert arabic[2] > WIDTH - 80


def test_fonts_have_every_letter_of_the_vocabularies_and_of_arabic(demo_app: Flask) -> None:
    with demo_app.app_context():
        lists = vocabulary.current_vocabulary(db.session()).lists
        words = [word.label for name in ("type", "preuve") for word in lists[name].values()]
    letters = set("".join(words) + ARABIC + "«»’…–œŒæÿŸñ€º\u202f\u00a0\u2011")
    for name in ("figo", "figbo"):
        font = social_cards._font(name, 30)
        # A missing letter is drawn as a box.
        box = bytes(font.getmask("\ufffe"))
        missing = {
            letter for letter in letters if letter.strip() and bytes(font.getmask(letter)) == box
        }
        assert not missing


def test_png_has_a_description() -> None:
    image = Image.open(BytesIO(draw_card(SocialCard(ARABIC, ("nº 7",), "Gagny", KINDS))))
    assert image.info["Description"].splitlines() == [ARABIC, "Gagny", "nº 7", *KINDS]


# --- texts and responses ------------------------------------------------------------------------


@pytest.fixture
def drawn_cards(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[SocialCard]:
    """The cards drawn during a test."""
    cards: list[SocialCard] = []

    def recording(card: SocialCard) -> bytes:
        cards.append(card)
        return draw_card(card)

    monkeypatch.setattr(social_cards, "draw_card", recording)
    return cards


def address_of(client: FlaskClient, case: CaseRef) -> str:
    answer = get(client, f"/incidents/{case.number}/carte.png")
    assert answer.status_code == 303
    return str(answer.location)


def test_card_has_the_texts_of_a_list(
    app: Flask, desk: Desk, drawn_cards: list[SocialCard]
) -> None:
    client = app.test_client()
    case = desk.published(
        title="Le maire interdit de filmer : « c’est fini »",
        types=("interdiction_filmer", "menace_expulsion"),
        contested=True,
        narrative="Un récit que personne ne cite.",
    )
    answer = get(client, address_of(client, case))
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert drawn_cards == [
        SocialCard(
            title="Le maire interdit de filmer\u00a0: «\u202fc’est fini\u202f»",
            margin_lines=("nº\u00a01", "17\u00a0mars 2008"),
            overline="Gagny (Seine-Saint-Denis)",
            footer_lines=(
                "Interdiction de filmer, menace d’expulsion",
                "Qui agit\u00a0: le maire. Qui est visé\u00a0: un blogueur (Gagny Libre).",
                "Issue\u00a0: inconnue.",
                "Niveau de preuve\u00a0: documenté, contesté.",
            ),
        )
    ]


@pytest.mark.parametrize(
    ("changes", "over", "date"),
    [
        ({"date": ""}, "Seine-Saint-Denis", "date inconnue"),
        ({"date": "2006?"}, "Seine-Saint-Denis", "2006 (incertain)"),
        ({"commune": "", "departement": "59"}, "Nord", "17\u00a0mars 2008"),
        ({"commune": "", "region": "84"}, "Auvergne-Rhône-Alpes", "17\u00a0mars 2008"),
        (
            {"commune": "", "departement": "21", "place_label": "commune non nommée"},
            "Commune non nommée (Côte-d’Or)",
            "17\u00a0mars 2008",
        ),
        (
            {"commune": "", "country": "BE", "place_label": "Bernissart"},
            "Bernissart (Belgique)",
            "17\u00a0mars 2008",
        ),
        ({"commune": "", "country": "CH"}, "Suisse", "17\u00a0mars 2008"),
        ({"title": ARABIC, "language": "ar"}, "Gagny (Seine-Saint-Denis)", "17\u00a0mars 2008"),
    ],
)
def test_card_of_a_case_with_unknown_date_or_place(
    app: Flask,
    desk: Desk,
    drawn_cards: list[SocialCard],
    changes: dict[str, str],
    over: str,
    date: str,
) -> None:
    client = app.test_client()
    assert get(client, address_of(client, desk.published(**changes))).status_code == 200
    assert (drawn_cards[0].overline, drawn_cards[0].margin_lines[1]) == (over, date)


def test_card_has_the_words_of_the_source_for_who_acted_and_no_act_of_another(
    app: Flask, desk: Desk, drawn_cards: list[SocialCard]
) -> None:
    types = ("expulsion", "convocation_audition")
    case = desk.published(types=types, actor_text="maire et partisans", title="Un titre")
    get(app.test_client(), address_of(app.test_client(), case))
    words = "le maire (selon la source\u00a0: «\u202fmaire et partisans\u202f»)"
    assert drawn_cards[0].footer_lines[:2] == (
        "Expulsion",
        f"Qui agit\u00a0: {words}. Qui est visé\u00a0: un blogueur (Gagny Libre).",
    )


def test_card_repeats_nothing_of_the_title_and_says_how_the_case_ended(
    app: Flask, desk: Desk, drawn_cards: list[SocialCard]
) -> None:
    client = app.test_client()
    suit = decided(
        direction="contre_cible",
        court="cour d’appel de Paris",
        outcome="relaxe",
        outcome_date="2009-06-06",
        appeal="non",
    )
    case = desk.published(
        title="Plainte en diffamation, Gagny, 17 mars 2008",
        types=("plainte_diffamation",),
        evidence="juge",
        proceedings=(suit,),
        outcome="relaxe",
    )
    get(client, address_of(client, case))
    assert drawn_cards == [
        SocialCard(
            title="Plainte en diffamation, Gagny, 17\u00a0mars 2008",
            margin_lines=("nº\u00a01", ""),
            overline="Seine-Saint-Denis",
            footer_lines=(
                "Qui agit\u00a0: le maire. Qui est visé\u00a0: un blogueur (Gagny Libre).",
                "Issue\u00a0: relaxe de la personne poursuivie, 6\u00a0juin 2009.",
                "Niveau de preuve\u00a0: jugé.",
            ),
        )
    ]


def test_each_card_is_drawn_once_for_all_addresses(
    app: Flask, desk: Desk, drawn_cards: list[SocialCard]
) -> None:
    client = app.test_client()
    address = address_of(client, desk.published())
    for query in ("", "?v=1", "?v=x", "?v=2&v=3", "?utm_source=x", "?x=1", "?v=%00"):
        answer = get(client, f"/incidents/1/carte.png{query}")
        if answer.status_code == 303:
            assert answer.location == address
    for _ in range(3):
        assert get(client, address).status_code == 200
        assert get(client, "/carte.png").status_code == 200
        assert get(client, "/carte.png?utm_source=x").location == "/carte.png"
    assert len(drawn_cards) == 2


def test_only_cards_may_be_embedded_by_other_sites(app: Flask, desk: Desk) -> None:
    client = app.test_client()
    policy = "Cross-Origin-Resource-Policy"
    assert get(client, "/carte.png").headers.getlist(policy) == ["cross-origin"]
    card = get(client, address_of(client, desk.published()))
    assert card.headers.getlist(policy) == ["cross-origin"]
    assert get(client, "/").headers.getlist(policy) == ["same-origin"]


def test_card_follows_the_state_of_its_case(app: Flask, desk: Desk) -> None:
    client = app.test_client()
    assert get(client, f"/incidents/{desk.withdrawn().number}/carte.png").status_code == 410
    assert get(client, f"/incidents/{desk.erased().number}/carte.png").status_code == 410
    moved = get(client, f"/incidents/{desk.merged().number}/carte.png")
    assert (moved.status_code, moved.location) == (301, "/incidents/3/carte.png")
    for number in ("99", "01", "x", "9" * 30):
        assert get(client, f"/incidents/{number}/carte.png").status_code == 404


# --- pages with a card --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    ["/", "/incidents", "/incidents?q=filmer", "/incidents/1", "/communes/93032", "/methode"],
)
def test_page_has_open_graph_metadata(client: FlaskClient, address: str) -> None:
    page = html.fromstring(get(client, address).get_data(as_text=True))
    metadata = {
        meta.get("property") or meta.get("name"): meta.get("content") for meta in page.iter("meta")
    }
    assert metadata["og:title"] == page.findtext(".//title").removesuffix(" – Web Citoyen").strip()
    assert metadata["og:description"] == metadata["description"] != ""
    assert metadata["og:url"] == page.find(".//link[@rel='canonical']").get("href")
    assert metadata["og:site_name"] == "Web Citoyen"
    assert metadata["og:type"] == ("article" if address == "/incidents/1" else "website")
    assert metadata["twitter:card"] == "summary_large_image"
    assert metadata["og:image:alt"]
    base = "http://127.0.0.1:5000"
    assert metadata["og:image"].startswith(base)
    answer = get(client, metadata["og:image"].removeprefix(base))
    assert answer.status_code == 200
    size = (int(metadata["og:image:width"]), int(metadata["og:image:height"]))
    assert Image.open(BytesIO(answer.data)).size == size == (WIDTH, HEIGHT)


def test_page_without_canonical_address_has_no_open_graph_metadata(client: FlaskClient) -> None:
    for address in ("/suivi", "/nulle-part", "/compte/connexion"):
        assert "og:" not in get(client, address).text
