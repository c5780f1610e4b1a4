"""Home, lists and search of the desk."""

from __future__ import annotations

import re
from datetime import timedelta

import attested_acts as acts
import pytest
from case_contents import a_case
from cast import ready_case

from register.accounts import sign_in_attempts
from register.accounts.models import Member
from register.cases.models import Incident
from register.cases.urgency import Urgency
from register.db import db, housekeeping, now
from register.journal import writing
from register.search import indexer
from register.text.dates import paris_day

pytestmark = pytest.mark.one_database

REDACTION = {"public_note": "Un passage a été retiré."}
LIST = "/moderation/dossiers"


def page_text(response):
    """The visible text on one line."""
    visible = re.sub(r"<[^>]+>", " ", response.get_data(as_text=True))
    return " ".join(visible.replace("\u202f", " ").replace("\u00a0", " ").split())


def main_text(response):
    return page_text(response).partition("Se déconnecter")[2]


def listed_ids(response):
    """The ids of the cases of a list, in order."""
    page = response.get_data(as_text=True)
    return [
        int(case_id) for case_id in re.findall(r'<h2><a href="/moderation/dossiers/(\d+)"', page)
    ]


def queued_ids(response):
    """The ids of the cases in the queue, in order."""
    page = response.get_data(as_text=True)
    return [int(id) for id in re.findall(r'<h3><a href="/moderation/dossiers/(\d+)"', page)]


@pytest.fixture
def write_days_ago(engine, cast):
    """``write_days_ago(3)``: a write transaction three days ago; pages use the real clock."""

    def begin(days=0, **options):
        return writing(engine, now() - timedelta(days=days, **options))

    return begin


@pytest.fixture
def add_draft(write_days_ago, cast, content):
    """``add_draft(days=2, by="chloe", title=…)``: the id of a new draft."""

    def add(days=0, by="bruno", **changes):
        with write_days_ago(days) as p:
            case = acts.draft(p, content(**changes), by=getattr(cast, by), reason="r")
            return case.id

    return add


# --- the home -----------------------------------------------------------------------------------


def test_home_of_an_empty_desk(signed):
    page = signed("bruno").get("/moderation")
    assert page.status_code == 200
    assert "Le registre est vide" in page_text(page)
    assert 'href="/moderation/dossiers/nouveau"' in page.get_data(as_text=True)


@pytest.mark.parametrize("tries_left", [0, 12])
def test_home_warns_of_wrong_codes(app, signed, engine, cast, tries_left):
    assert "codes faux" not in page_text(signed("chloe").get("/moderation"))
    refill_time = (sign_in_attempts.MAX_WRONG_CODES - tries_left) * sign_in_attempts.REFILL
    with housekeeping(engine) as session:
        chloe = session.get(Member, cast.chloe)
        chloe.totp_secret = b"a secret"
        chloe.totp_whole_at = int((now() + refill_time).timestamp())
    own_text = page_text(signed("chloe").get("/moderation"))
    assert "codes faux ont été tapés avec votre mot de passe" in own_text
    assert ("seul un code de secours est accepté" in own_text) == (tries_left == 0)
    # The administrator sees the warning with the name, other moderators do not.
    db.session.rollback()
    assert "avec le mot de passe de chloe" in page_text(signed("ada").get("/moderation"))
    assert "codes faux" not in page_text(signed("bruno").get("/moderation"))


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
    bruno = signed("bruno")
    page = bruno.get("/moderation")
    assert "File : rien n’attend" in page_text(bruno.get(f"{LIST}/{case.id}"))
    assert "Rien n’attend. Un nouveau cas peut partir d’une source" in page_text(page)


def test_the_home_says_why_each_thing_waits_and_leads_to_the_act(
    signed, add_draft, write_days_ago, cast, inbox
):
    empty = add_draft(50, by="chloe", title="", types=())
    ready = add_draft(40, title="Une caméra")
    pending = add_draft(2, by="chloe", justice=True, title="Une plainte")
    risky = add_draft(1, by="chloe", summary="Le maire, au 01 23 45 67 89.", title="Un numéro")
    report = inbox.received(now())
    with write_days_ago() as p:
        acts.invite(p, ready, "source publique", by=cast.bruno)
        acts.claim(p, pending, by=cast.chloe)
        acts.set_urgency(p, risky, Urgency(danger=True), by=cast.chloe)
    bruno = signed("bruno")
    page = bruno.get("/moderation")
    assert queued_ids(page) == [risky, empty, ready, pending]
    text, html = main_text(page), page.get_data(as_text=True)
    assert "danger depuis aujourd’hui" in text
    assert "changé par chloe il y a deux jours" in text
    assert "il manque : l’invitation à répondre, l’accord d’un second membre" in text
    assert "il manque : le titre ou le résumé, les types, l’invitation à répondre" in text
    assert "à chloe jusqu’à" in text
    for address in (
        f"{LIST}/{pending}/approuver",
        f"{LIST}/{ready}/publier",
        f"{LIST}/{empty}/modifier",
        f"/moderation/signalements/{report.key}",
        "/moderation?sorte=brouillon",
    ):
        assert f'href="{address}"' in html
    assert queued_ids(bruno.get("/moderation?sorte=brouillon")) == [empty, ready, pending]
    assert bruno.get("/moderation?sorte=autre").status_code == 400
    for kind, expected in (
        ("a_relire", [risky, pending]),
        ("second", [risky, pending]),
        ("pret", [ready]),
        ("danger", [risky]),
        ("echeance", []),
        ("effacement", []),
    ):
        assert listed_ids(bruno.get(f"{LIST}?attend={kind}")) == expected


def test_each_kind_of_task_leads_to_its_act(signed, desk, cast, write_days_ago):
    replied, proposed, refused, redacted, erasable, held = (
        desk.published(justice=True) for _ in range(6)
    )
    options = {"by": cast.bruno, "reason": "r"}
    desk.received_reply(replied)
    with write_days_ago() as p:
        for case in (proposed, refused):
            acts.follow_up(p, case.id, title="t", text="t", **options)
        acts.refuse_change(p, 2, by=cast.chloe, refusal="r")
        acts.redact(p, redacted.id, a_case(narrative="", justice=True), **REDACTION, **options)
        acts.approve(p, erasable.id, by=cast.bruno, purpose="erase")
        acts.assign(p, held.id, to=cast.chloe, by=cast.bruno)
    for name, change_act, returned_act in (
        ("bruno", "Voir", "Reprendre"),
        ("ada", "Relire", "Voir"),
    ):
        html = signed(name).get("/moderation").get_data(as_text=True)
        for address, act in (
            (f"{LIST}/{replied.id}#reponses", "Publier ou refuser"),
            (f"{LIST}/{proposed.id}/changements/1", change_act),
            (f"{LIST}/{refused.id}/changements/2", returned_act),
            (f"{LIST}/{redacted.id}#destructions", "Confirmer ou annuler"),
            (f"{LIST}/{erasable.id}/effacer", "Effacer" if name == "ada" else "Voir"),
        ):
            assert f'href="{address}">{act}<' in html
        assert "En main d’un autre membre" in html


@pytest.mark.parametrize(
    ("days_ago", "deadline", "is_late"),
    [
        (5, "en retard de 2 jours", True),
        (4, "en retard de 1 jour", True),
        (3, "à traiter aujourd’hui", True),
        (2, "à traiter avant demain soir", False),
        (0, "à traiter avant le", False),
    ],
)
def test_task_of_a_reply_has_its_deadline(
    signed, desk, write_days_ago, cast, days_ago, deadline, is_late
):
    case = desk.published()
    with write_days_ago(days_ago) as p:
        acts.receive_reply(
            p,
            case.id,
            by=cast.bruno,
            author="Ville",
            capacity="la commune",
            text="Non.",
            received_on=paris_day(now() - timedelta(days=days_ago)),
        )
    page = signed("chloe").get("/moderation")
    assert queued_ids(page) == [case.id]
    assert deadline in main_text(page)
    assert ('<span class="late">' in page.get_data(as_text=True)) is is_late


def test_single_moderator_has_no_second_person_tasks(signed, add_draft, app):
    add_draft(by="chloe", justice=True)
    settings = app.extensions["register.settings"]
    app.extensions["register.settings"] = settings.__class__(
        **{**vars(settings), "single_moderator": True}
    )
    assert "À relire" not in main_text(signed("bruno").get("/moderation"))


def test_queue_marks_the_current_case(signed, add_draft):
    case_id = add_draft(by="chloe", justice=True)
    page = signed("bruno").get(f"{LIST}/{case_id}").get_data(as_text=True)
    assert f'<a href="/moderation/dossiers/{case_id}" aria-current="page">' in page


# --- lists --------------------------------------------------------------------------------------


def test_the_list_shows_every_state_and_leads_to_each(signed, desk):
    draft, public, withdrawn = desk.draft(), desk.published(), desk.withdrawn()
    bruno = signed("bruno")
    page = bruno.get(LIST)
    assert listed_ids(page) == [withdrawn.id, public.id, draft.id]
    assert "retiré (le texte publié comportait une erreur)" in page_text(page).lower()
    assert f"nº {public.number}" in page_text(page)
    for code, case in (("brouillon", draft), ("publie", public), ("retire", withdrawn)):
        assert listed_ids(bruno.get(f"{LIST}?etat={code}")) == [case.id]
    assert "Aucun dossier ne répond" in page_text(bruno.get(f"{LIST}?etat=reuni"))


def test_an_empty_list_says_how_to_begin(signed):
    assert "Il n’y a encore aucun dossier" in page_text(signed("bruno").get(LIST))


def test_a_list_has_pages(signed, add_draft):
    case_ids = [add_draft() for _ in range(21)]
    bruno = signed("bruno")
    assert listed_ids(bruno.get(LIST)) == case_ids[:0:-1]
    assert listed_ids(bruno.get(f"{LIST}?page=2")) == case_ids[:1]
    assert bruno.get(f"{LIST}?page=3").status_code == 404


def test_a_typed_place_becomes_a_filter_that_can_be_taken_off(signed, add_draft):
    gagny, denis = add_draft(), add_draft(commune="93066")
    bruno = signed("bruno")
    redirect = bruno.get(f"{LIST}?lieu=gagny&etat=brouillon&q=filmer")
    assert redirect.status_code == 303
    assert redirect.location.endswith(f"{LIST}?q=filmer&commune=93032&etat=brouillon")
    page = bruno.get(redirect.location)
    assert listed_ids(page) == [gagny]
    assert f'href="{LIST}?q=filmer&amp;etat=brouillon"' in page.get_data(as_text=True)
    choice = bruno.get(f"{LIST}?lieu=saint-denis&etat=brouillon")
    assert "lieux répondent à « saint-denis »" in page_text(choice)
    assert f"{LIST}?commune=93066&amp;etat=brouillon" in choice.get_data(as_text=True)
    assert listed_ids(bruno.get(f"{LIST}?commune=93059")) == [denis]
    unknown = bruno.get(f"{LIST}?lieu=zzzzzz")
    assert "Aucun lieu ne répond à « zzzzzz »" in page_text(unknown)
    assert 'value="zzzzzz"' in unknown.get_data(as_text=True)


def test_empty_parameters_are_removed_from_the_address(signed):
    redirect = signed("bruno").get(
        f"{LIST}?q=&lieu=&type=&famille=justice&attend=&tenu=&etat=brouillon"
    )
    assert (redirect.status_code, redirect.location) == (
        303,
        f"{LIST}?famille=justice&etat=brouillon",
    )


def test_filter_form_keeps_its_values(signed, add_draft):
    add_draft(justice=True)
    address = f"{LIST}?q=plainte&type=plainte_diffamation&attend=second&tenu=libre&commune=93032"
    page = signed("bruno").get(f"{address}&etat=brouillon").get_data(as_text=True)
    for markup in (
        'name="q" value="plainte"',
        '<option value="plainte_diffamation" selected>',
        '<option value="second" selected>',
        '<option value="libre" selected>',
        '<input type="hidden" name="commune" value="93032">',
        '<input type="hidden" name="etat" value="brouillon">',
        'aria-current="true"><b>Brouillons</b>',
        "<mark>",
    ):
        assert markup in page, markup


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
    assert "Traceback" not in page_text(page)


@pytest.mark.parametrize("typed", ["*", "ab*", "de la", '"' * 5, "x" * 201, "e\u0301 " * 80])
def test_refused_words_stay_in_their_field(signed, typed):
    page = signed("bruno").client.get(LIST, query_string={"q": typed, "etat": "brouillon"})
    if page.status_code == 200:
        return
    assert page.status_code == 400
    assert "Recherche à reprendre" in page_text(page)
    assert 'aria-invalid="true"' in page.get_data(as_text=True)
    assert 'aria-current="true"><b>Brouillons</b>' in page.get_data(as_text=True)


# --- search -------------------------------------------------------------------------------------


def test_a_search_finds_drafts_and_public_cases(signed, app, desk, write_days_ago, cast, content):
    draft, public = desk.draft(title="Le micro coupé"), desk.published(title="Le micro rendu")
    withdrawn = desk.withdrawn(title="Le micro volé")
    desk.draft(title="La caméra")
    indexer.catch_up(db.engine, app.extensions["register.search"])
    bruno = signed("bruno")
    assert listed_ids(bruno.get(f"{LIST}?q=micro")) == [withdrawn.id, public.id, draft.id]
    assert listed_ids(bruno.get(f"{LIST}?q=micro&etat=publie")) == [public.id]
    assert listed_ids(bruno.get(f"{LIST}?q=micro -volé&attend=second")) == []
    page = bruno.get(f"{LIST}?q=micro+OU+camera")
    assert "« OU » n’est pas compris" in page_text(page)


def test_a_case_found_by_its_account_says_so(signed, app, desk, content):
    public = desk.published(content(narrative="Un huissier a relevé le zinzolin de l’affiche."))
    indexer.catch_up(db.engine, app.extensions["register.search"])
    page = signed("bruno").get(f"{LIST}?q=zinzolin")
    assert listed_ids(page) == [public.id]
    assert (
        "Trouvé plus loin dans la fiche, ou par un autre nom ou un code de son lieu."
        in page_text(page)
    )


def test_unread_drafts_are_counted(signed, add_draft, monkeypatch):
    monkeypatch.setattr("register.search.draft_search.READ_EACH", 2)
    case_ids = [add_draft(title="Le micro") for _ in range(3)]
    bruno = signed("bruno")
    page = bruno.get(f"{LIST}?q=micro")
    assert listed_ids(page) == case_ids[:0:-1]
    assert "Un dossier n’a pas encore été lu" in page_text(page)
    assert listed_ids(bruno.get(f"{LIST}?q=micro")) == case_ids[::-1]


def test_list_requires_sign_in(app, desk):
    case = desk.draft(title="zinzolin")
    for path in ("/moderation", LIST, f"{LIST}?q=zinzolin", f"{LIST}/{case.id}"):
        page = app.test_client().get(path)
        assert page.status_code == 303
        assert "zinzolin" not in page.get_data(as_text=True).replace("q=zinzolin", "").replace(
            "q%3Dzinzolin", ""
        )


def test_a_draft_without_text_is_listed(signed, add_draft, session):
    case_id = add_draft(title="", summary="", commune="", types=(), date="")
    assert session.get_one(Incident, case_id).title == ""
    assert "Dossier sans titre" in page_text(signed("bruno").get(LIST))
