"""Home, lists and search of the desk."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from case_contents import a_case
from cast import ready_case

from register.accounts import sign_in_attempts
from register.accounts.models import Member
from register.cases import acts, desk_lists, todo_clauses
from register.cases.models import Incident
from register.cases.web.desk import case_summaries
from register.db import db, housekeeping, now
from register.journal import writing
from register.search import indexer

pytestmark = pytest.mark.one_database

LIST = "/moderation/dossiers"


def text(response):
    """The visible text on one line."""
    seen = re.sub(r"<[^>]+>", " ", response.get_data(as_text=True))
    return " ".join(seen.replace("\u202f", " ").replace("\u00a0", " ").split())


def main(response):
    return text(response).partition("Se déconnecter")[2]


def entries(response):
    """The ids of the cases of a list, in order."""
    page = response.get_data(as_text=True)
    return [int(one) for one in re.findall(r'<h2><a href="/moderation/dossiers/(\d+)"', page)]


def queued(response):
    """The ids of the cases in the sidebar, in order."""
    margin = response.get_data(as_text=True).partition('<ol class="queue">')[2].partition("</ol>")
    return [int(one) for one in re.findall(r'<a href="/moderation/dossiers/(\d+)"', margin[0])]


@pytest.fixture
def today(engine, cast):
    """``today(days=3)``: a write transaction some days ago; pages use the real clock."""

    def take(days=0, **more):
        return writing(engine, now() - timedelta(days=days, **more))

    return take


@pytest.fixture
def drafted(today, cast, content):
    """``drafted(days=2, by="chloe", title=…)``: the id of a draft."""

    def make(days=0, by="bruno", **changes):
        with today(days) as p:
            case = acts.draft(p, content(**changes), by=getattr(cast, by), reason="r")
            return case.id

    return make


# --- the home -----------------------------------------------------------------------------------


def test_home_of_an_empty_desk(signed):
    page = signed("bruno").get("/moderation")
    assert page.status_code == 200
    assert "Le registre est vide" in text(page)
    assert 'href="/moderation/dossiers/nouveau"' in page.get_data(as_text=True)


@pytest.mark.parametrize("left", [0, 12])
def test_home_warns_of_wrong_codes(app, signed, engine, cast, left):
    assert "codes faux" not in text(signed("chloe").get("/moderation"))
    owed = (sign_in_attempts.MAX_WRONG_CODES - left) * sign_in_attempts.REFILL
    with housekeeping(engine) as session:
        chloe = session.get(Member, cast.chloe)
        chloe.totp_secret = b"a secret"
        chloe.totp_whole_at = int((now() + owed).timestamp())
    own = text(signed("chloe").get("/moderation"))
    assert "codes faux ont été tapés avec votre mot de passe" in own
    assert ("seul un code de secours est accepté" in own) == (left == 0)
    # An administrator is told whom to ask, another moderator nothing.
    db.session.rollback()
    assert "avec le mot de passe de chloe" in text(signed("ada").get("/moderation"))
    assert "codes faux" not in text(signed("bruno").get("/moderation"))


def test_home_without_tasks(signed, desk):
    with desk.pen(now()) as p:
        case = ready_case(p, a_case(), by=desk.cast.bruno, second=desk.cast.chloe)
        acts.publish(
            p,
            case.id,
            by=desk.cast.bruno,
            reason="lu",
            attested=("attribution", "no_private_person", "no_private_life"),
        )
    page = signed("bruno").get("/moderation")
    assert "File : rien n’attend" in text(page)
    assert "Rien n’attend. Un nouveau cas peut partir d’une source" in text(page)


def test_the_home_lists_what_waits_and_links_to_the_lists(signed, drafted, today, cast):
    waits = drafted(2, by="chloe", justice=True, title="Une plainte")
    risky = drafted(by="chloe", summary="Le maire, au 01 23 45 67 89.", title="Un numéro")
    ready = drafted(40, title="Une caméra")
    with today() as p:
        acts.invite(p, ready, "source publique", by=cast.bruno)
        acts.claim(p, waits, by=cast.chloe)
    page = signed("bruno").get("/moderation")
    assert queued(page) == [waits, risky, ready]
    told = main(page)
    assert "File : trois dossiers" in told
    assert "Gagny Une plainte à relire depuis deux jours, à chloe jusqu’à" in told
    assert "Gagny Un numéro à relire depuis aujourd’hui, libre" in told
    assert "Une caméra prêt à publier depuis le" in told
    assert "À relire 2" in told
    bruno = signed("bruno")
    for address, found in (
        ("?attend=a_relire", [risky, waits]),
        ("?attend=second", [risky, waits]),
        ("?attend=pret", [ready]),
    ):
        assert f'href="{LIST}{address}"' in page.get_data(as_text=True)
        assert entries(bruno.get(LIST + address)) == found


@pytest.mark.parametrize(
    ("received", "said", "late"),
    [
        (5, "en retard de 2 jours", True),
        (4, "en retard de 1 jour", True),
        (3, "à traiter aujourd’hui", True),
        (2, "à traiter avant demain soir", False),
        (0, "à traiter avant le", False),
    ],
)
def test_task_of_a_reply_has_its_deadline(signed, desk, today, cast, received, said, late):
    filed = desk.published()
    with today(received) as p:
        acts.receive_reply(
            p,
            filed.id,
            by=cast.bruno,
            author="Ville",
            capacity="la commune",
            text="Non.",
            received_on=case_summaries.dates.paris_day(now() - timedelta(days=received)),
        )
    page = signed("chloe").get("/moderation")
    assert queued(page) == [filed.id]
    assert said in main(page)
    assert ('<span class="late">' in page.get_data(as_text=True)) is late


def test_counts_have_an_upper_limit(signed, drafted, monkeypatch):
    monkeypatch.setattr(desk_lists, "COUNT_LIMIT", 2)
    monkeypatch.setattr("register.cases.web.desk.dashboard.COUNT_LIMIT", 2)
    monkeypatch.setattr(todo_clauses, "READ_LIMIT", 2)
    for _ in range(4):
        drafted(justice=True)
    told = main(signed("chloe").get("/moderation"))
    assert "plus de 2" in told
    assert "Les mots à risque de 2 brouillons anciens" in told


def test_single_moderator_has_no_second_person_tasks(signed, drafted, app):
    drafted(by="chloe", justice=True)
    settings = app.extensions["register.settings"]
    app.extensions["register.settings"] = settings.__class__(
        **{**vars(settings), "single_moderator": True}
    )
    assert "À relire" not in main(signed("bruno").get("/moderation"))


def test_queue_marks_the_current_case(signed, drafted):
    filed = drafted(by="chloe", justice=True)
    page = signed("bruno").get(f"{LIST}/{filed}").get_data(as_text=True)
    assert f'<a href="/moderation/dossiers/{filed}" aria-current="page">' in page


# --- lists --------------------------------------------------------------------------------------


def test_the_list_shows_every_state_and_leads_to_each(signed, desk):
    draft, public, withdrawn = desk.draft(), desk.published(), desk.withdrawn()
    bruno = signed("bruno")
    page = bruno.get(LIST)
    assert entries(page) == [withdrawn.id, public.id, draft.id]
    assert "retiré (le texte publié comportait une erreur)" in text(page).lower()
    assert f"nº {public.number}" in text(page)
    for code, filed in (("brouillon", draft), ("publie", public), ("retire", withdrawn)):
        assert entries(bruno.get(f"{LIST}?etat={code}")) == [filed.id]
    assert "Aucun dossier ne répond" in text(bruno.get(f"{LIST}?etat=reuni"))


def test_an_empty_list_says_how_to_begin(signed):
    assert "Il n’y a encore aucun dossier" in text(signed("bruno").get(LIST))


def test_a_list_has_pages(signed, drafted):
    made = [drafted() for _ in range(21)]
    bruno = signed("bruno")
    assert entries(bruno.get(LIST)) == made[:0:-1]
    assert entries(bruno.get(f"{LIST}?page=2")) == made[:1]
    assert bruno.get(f"{LIST}?page=3").status_code == 404


def test_a_typed_place_becomes_a_filter_that_can_be_taken_off(signed, drafted):
    gagny, denis = drafted(), drafted(commune="93066")
    bruno = signed("bruno")
    led = bruno.get(f"{LIST}?lieu=gagny&etat=brouillon&q=filmer")
    assert led.status_code == 303
    assert led.location.endswith(f"{LIST}?q=filmer&commune=93032&etat=brouillon")
    page = bruno.get(led.location)
    assert entries(page) == [gagny]
    assert f'href="{LIST}?q=filmer&amp;etat=brouillon"' in page.get_data(as_text=True)
    choice = bruno.get(f"{LIST}?lieu=saint-denis&etat=brouillon")
    assert "lieux répondent à « saint-denis »" in text(choice)
    assert f"{LIST}?commune=93066&amp;etat=brouillon" in choice.get_data(as_text=True)
    assert entries(bruno.get(f"{LIST}?commune=93059")) == [denis]
    unknown = bruno.get(f"{LIST}?lieu=zzzzzz")
    assert "Aucun lieu ne répond à « zzzzzz »" in text(unknown)
    assert 'value="zzzzzz"' in unknown.get_data(as_text=True)


def test_empty_parameters_are_removed_from_the_address(signed):
    led = signed("bruno").get(f"{LIST}?q=&lieu=&type=&famille=justice&attend=&tenu=&etat=brouillon")
    assert (led.status_code, led.location) == (303, f"{LIST}?famille=justice&etat=brouillon")


def test_filter_form_keeps_its_values(signed, drafted):
    drafted(justice=True)
    address = f"{LIST}?q=plainte&type=plainte_diffamation&attend=second&tenu=libre&commune=93032"
    page = signed("bruno").get(f"{address}&etat=brouillon").get_data(as_text=True)
    for sign in (
        'name="q" value="plainte"',
        '<option value="plainte_diffamation" selected>',
        '<option value="second" selected>',
        '<option value="libre" selected>',
        '<input type="hidden" name="commune" value="93032">',
        '<input type="hidden" name="etat" value="brouillon">',
        'aria-current="true"><b>Brouillons</b>',
        "<mark>",
    ):
        assert sign in page, sign


@pytest.mark.parametrize(
    "wrong",
    [
        "etat=publié",
        "tenu=elle",
        "attend=en_main",
        "attend=x",
        "page=0",
        "page=01",
        "type=x",
        "commune=99999",
        "type=x&q=filmer",
    ],
)
def test_invalid_address_is_refused(signed, wrong):
    page = signed("bruno").get(f"{LIST}?{wrong}")
    assert page.status_code in (400, 422)
    assert "Traceback" not in text(page)


@pytest.mark.parametrize("typed", ["*", "ab*", "de la", '"' * 5, "x" * 201, "e\u0301 " * 80])
def test_refused_words_stay_in_their_field(signed, typed):
    page = signed("bruno").client.get(LIST, query_string={"q": typed, "etat": "brouillon"})
    if page.status_code == 200:
        return
    assert page.status_code == 400
    assert "Recherche à reprendre" in text(page)
    assert 'aria-invalid="true"' in page.get_data(as_text=True)
    assert 'aria-current="true"><b>Brouillons</b>' in page.get_data(as_text=True)


# --- search -------------------------------------------------------------------------------------


def test_words_find_drafts_and_public_cases_alike(signed, app, desk, today, cast, content):
    draft, public = desk.draft(title="Le micro coupé"), desk.published(title="Le micro rendu")
    gone = desk.withdrawn(title="Le micro volé")
    desk.draft(title="La caméra")
    indexer.catch_up(db.engine, app.extensions["register.search"])
    bruno = signed("bruno")
    assert entries(bruno.get(f"{LIST}?q=micro")) == [gone.id, public.id, draft.id]
    assert entries(bruno.get(f"{LIST}?q=micro&etat=publie")) == [public.id]
    assert entries(bruno.get(f"{LIST}?q=micro -volé&attend=second")) == []
    page = bruno.get(f"{LIST}?q=micro+OU+camera")
    assert "« OU » n’est pas compris" in text(page)


def test_unread_drafts_are_counted(signed, drafted, monkeypatch):
    monkeypatch.setattr("register.search.draft_search.READ_EACH", 2)
    made = [drafted(title="Le micro") for _ in range(3)]
    bruno = signed("bruno")
    page = bruno.get(f"{LIST}?q=micro")
    assert entries(page) == made[:0:-1]
    assert "Un dossier n’a pas encore été lu" in text(page)
    assert entries(bruno.get(f"{LIST}?q=micro")) == made[::-1]


def test_list_requires_sign_in(app, desk):
    filed = desk.draft(title="zinzolin")
    for path in ("/moderation", LIST, f"{LIST}?q=zinzolin", f"{LIST}/{filed.id}"):
        page = app.test_client().get(path)
        assert page.status_code == 303
        assert "zinzolin" not in page.get_data(as_text=True).replace("q=zinzolin", "").replace(
            "q%3Dzinzolin", ""
        )


def test_a_draft_without_a_word_can_be_opened(signed, drafted, session):
    filed = drafted(title="", summary="", commune="", types=(), date="")
    assert session.get_one(Incident, filed).title == ""
    assert "Dossier sans titre" in text(signed("bruno").get(LIST))
