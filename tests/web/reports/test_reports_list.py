"""Lists of reports, bulk acts, and reports on the dashboard."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from report_factory import WORDS

from register.db import db, housekeeping, now
from register.journal import writing
from register.reports import acts, report_lists
from register.reports.models import Report, ReportState, RetentionClock
from register.reports.report_lists import ReportFolder
from register.reports.web.desk import report_list, report_summary
from register.text import dates
from register.web import messages
from register.web.request_context import key_store

pytestmark = pytest.mark.one_database

LIST = "/moderation/signalements"
SORT = f"{LIST}/tri"
# The unit of the ages of reports.
DAY = timedelta(days=1)


def page_text(answer):
    """The visible text of a page, on one line."""
    visible = re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))
    return " ".join(visible.replace("\u202f", " ").replace("\u00a0", " ").split())


def main_text(answer):
    return page_text(answer).partition("Se déconnecter")[2]


def listed_keys(answer):
    """The keys of the reports of a list, in order."""
    return re.findall(rf'<h2><a href="{LIST}/([0-9a-f]{{32}})"', answer.get_data(as_text=True))


def ticks(answer):
    """The keys with a checkbox, and whether it is ticked."""
    page = answer.get_data(as_text=True)
    return {
        key: bool(is_on)
        for key, is_on in re.findall(r'name="cle" value="([0-9a-f]{32})"( checked)?', page)
    }


def report_states(session, *reports):
    session.rollback()
    return [ReportState(session.get_one(Report, report.key).state) for report in reports]


@pytest.fixture
def claim(engine, cast):
    """``claim(report, "chloe")``: she claims a report."""

    def claim_report(report, name):
        with writing(engine, now()) as p:
            acts.claim(p, report.key, by=getattr(cast, name))

    return claim_report


# --- the folders ---------------------------------------------------------------------------------


def test_every_empty_folder_has_a_sentence(signed):
    bruno = signed("bruno")
    assert "Aucun signalement n’attend." in main_text(bruno.get(LIST))
    assert set(messages.desk.report_lists) == set(messages.desk.empty_lists) == set(ReportFolder)
    for folder in ReportFolder:
        page = bruno.get(f"{LIST}?casier={folder.value}")
        assert str(messages.desk.empty_lists[folder]) in page_text(page)
        assert listed_keys(page) == []
        assert SORT not in page.get_data(as_text=True)


def test_each_report_is_in_its_folders(signed, inbox):
    at = now()
    reports = {
        ReportFolder.NEW: inbox.received(at),
        ReportFolder.WAITING: inbox.waiting(at),
        ReportFolder.OVERDUE: inbox.received(at - 380 * DAY),
        ReportFolder.SUSPECT: inbox.received(at, suspect=True),
        ReportFolder.ACCEPTED: inbox.accepted(at),
        ReportFolder.DECLINED: inbox.declined(at),
        ReportFolder.WITHDRAWN: inbox.withdrawn(at),
        ReportFolder.SPAM: inbox.spam(at),
        ReportFolder.REVIEW: inbox.held(at),
    }
    answered = inbox.waiting(at)
    inbox.answered(answered, at=at)
    keys = {folder: report.key for folder, report in reports.items()}
    expected = {folder: {key} for folder, key in keys.items()}
    expected[ReportFolder.NEW] |= {keys[ReportFolder.OVERDUE]}
    expected[ReportFolder.NEWS] = {answered.key, keys[ReportFolder.WITHDRAWN]}
    bruno = signed("bruno")
    pages = {folder: bruno.get(f"{LIST}?casier={folder.value}") for folder in ReportFolder}
    assert {folder: set(listed_keys(page)) for folder, page in pages.items()} == expected
    default_list = page_text(bruno.get(LIST))
    for folder, (name, _why) in messages.desk.report_lists.items():
        assert f"{name} {len(expected[folder])}" in default_list.replace("\u00a0", " ")
    # The default list: undecided reports, oldest first, and news; no suspect report.
    default_keys = listed_keys(bruno.get(LIST))
    assert default_keys[0] == keys[ReportFolder.OVERDUE]
    assert set(default_keys) == {
        keys[folder]
        for folder in (
            ReportFolder.NEW,
            ReportFolder.WAITING,
            ReportFolder.OVERDUE,
            ReportFolder.WITHDRAWN,
            ReportFolder.REVIEW,
        )
    } | {answered.key}
    assert f"À traiter {len(default_keys)}" in default_list


def test_a_row_shows_place_dates_and_holder(signed, inbox, claim):
    at = now()
    report = inbox.received(at - 2 * DAY, account="Un <b>fait</b> & " + "long " * 80)
    inbox.received(at - 3 * DAY, place="au port", place_code="", types=(), account="Autre")
    claim(report, "chloe")
    late = inbox.received(at - 400 * DAY, account="Vieux", place="", place_code="")
    default_list = main_text(signed("bruno").get(LIST))
    assert "Vieux" not in default_list
    assert "Lieu non dit" in default_list
    page = signed("bruno").get(f"{LIST}?debuts=oui")
    assert listed_keys(page)[0] == late.key
    content, markup = main_text(page), page.get_data(as_text=True)
    assert "<b>fait</b>" not in markup
    assert "Un &lt;b&gt;fait&lt;/b&gt; &amp; long long" in markup
    assert "long…" in content
    assert "Interdiction de filmer" in content
    assert "en examen reçu il y a deux jours à chloe jusqu’à" in content.replace(" · ", " ")
    assert "au port Autre reçu il y a trois jours libre" in content
    assert "Lieu non dit Vieux" in content
    assert "en retard : écarté d’office le" in content
    assert 'class="late"' in markup


def test_a_purged_report_is_a_row_without_words(signed, inbox):
    report = inbox.purged(now() - 100 * DAY)
    page = signed("bruno").get(f"{LIST}?casier=ecartes")
    assert listed_keys(page) == [report.key]
    assert "Textes détruits Signalement purgé écarté" in main_text(page)
    assert ticks(page) == {}


# --- filters --------------------------------------------------------------------------------------


def test_reports_are_found_by_place_type_words_and_holder(signed, inbox, claim):
    at = now()
    gagny = inbox.received(at, account="La caméra est saisie.")
    puteaux = inbox.received(
        at, place="puteaux", place_code="commune:92062", types=("menace_expulsion",)
    )
    unlocated = inbox.received(at, place="au port de Saint-Denis", place_code="", account="Rien")
    claim(puteaux, "bruno")
    bruno = signed("bruno")

    def list_keys(query):
        return set(listed_keys(bruno.get(f"{LIST}?{query}")))

    for typed, code in (("gagny", "93032"), ("93220", "93032"), ("Puteaux", "92062")):
        redirect = bruno.get(f"{LIST}?lieu={typed}&q=")
        assert (redirect.status_code, redirect.location) == (
            303,
            f"{LIST}?endroit=commune%3A{code}",
        )
    assert list_keys("endroit=commune:93032") == {gagny.key}
    assert list_keys("endroit=departement:92") == {puteaux.key}
    assert list_keys("type=menace_expulsion") == {puteaux.key}
    assert list_keys("q=SAISIE+camera") == {gagny.key}
    assert list_keys("q=camera+introuvable") == set()
    assert list_keys("tenu=moi") == {puteaux.key}
    assert list_keys("tenu=moi&endroit=commune:93032") == set()
    # Ambiguous place: each is offered, and unresolved places are matched by their words.
    ambiguous = bruno.get(f"{LIST}?lieu=saint-denis")
    assert listed_keys(ambiguous) == [unlocated.key]
    assert f'href="{LIST}?endroit=commune%3A93066"' in ambiguous.get_data(as_text=True)
    assert "« saint-denis » peut désigner :" in page_text(ambiguous)
    # A filter can be removed, and empty fields leave the address.
    filtered = bruno.get(f"{LIST}?casier=nouveaux&endroit=commune:93032&q=zzz")
    assert "Aucun signalement de ce casier ne répond à cette recherche." in page_text(filtered)
    assert f'href="{LIST}?casier=nouveaux&amp;endroit=commune%3A93032"' in filtered.text
    assert bruno.get(f"{LIST}?q=&type=&tenu=").location == LIST


@pytest.mark.parametrize(
    "query", ["casier=tiroir", "type=rien", "endroit=rue:5", "page=0", "page=x"]
)
def test_an_invalid_filter_is_refused(signed, query):
    assert signed("bruno").get(f"{LIST}?{query}").status_code == 400


def test_a_long_list_has_pages_and_states_when_it_is_partial(signed, inbox, monkeypatch):
    monkeypatch.setattr(report_lists, "PAGE_SIZE", 2)
    at = now()
    keys = [inbox.received(at - day * DAY).key for day in (5, 4, 3)]
    bruno = signed("bruno")
    assert listed_keys(bruno.get(LIST)) == keys[:2]
    assert f'href="{LIST}?page=2"' in bruno.get(LIST).get_data(as_text=True)
    assert listed_keys(bruno.get(f"{LIST}?page=2")) == keys[2:]
    assert bruno.get(f"{LIST}?page=9").location == f"{LIST}?page=2"
    monkeypatch.setattr(report_lists, "DECRYPT_LIMIT", 2)
    page = bruno.get(f"{LIST}?q=conseil")
    assert listed_keys(page) == keys[:2]
    assert "Seuls les 2 premiers signalements de ce casier ont été ouverts" in page_text(page)


# --- bulk acts ---------------------------------------------------------------------------------


def test_ticked_reports_are_marked_as_spam_and_reopened(signed, session, inbox, claim):
    at = now()
    first, second, third = inbox.received(at), inbox.received(at), inbox.received(at)
    claim(third, "chloe")
    bruno = signed("bruno")
    assert not any(ticks(bruno.get(LIST)).values())
    all_ticked = bruno.get(f"{LIST}?cocher=tout")
    assert ticks(all_ticked) == {report.key: True for report in (first, second, third)}
    keys = [first.key, second.key, second.key, third.key, "0" * 32, "x\x00"]
    response = bruno.send(SORT, cle=keys, casier="nouveaux", faire="ranger")
    assert (response.status_code, response.location) == (303, f"{LIST}?casier=nouveaux")
    content = page_text(bruno.get(response.location))
    assert "Deux signalements sont rangés parmi les indésirables." in content
    assert "Un signalement reste comme il était : chloe a ce signalement en main" in content
    assert "il n’y a pas de signalement à cette adresse." in content
    assert report_states(session, first, second, third) == [
        ReportState.SPAM,
        ReportState.SPAM,
        ReportState.IN_REVIEW,
    ]
    spam = bruno.get(f"{LIST}?casier=indesirables")
    purged = dates.day_words(dates.paris_day(now()) + 30 * DAY)
    assert f"détruit le {purged}".replace("\u00a0", " ") in page_text(spam)
    assert set(ticks(spam)) == {first.key, second.key}
    response = bruno.send(SORT, cle=first.key, casier="indesirables", faire="reprendre")
    assert response.status_code == 303
    assert "Un signalement est repris" in page_text(bruno.get(response.location))
    assert report_states(session, first, second) == [ReportState.RECEIVED, ReportState.SPAM]


def test_a_bulk_act_refused_for_all_explains_why(signed, session, inbox, claim):
    report, declined = inbox.received(now()), inbox.declined(now())
    claim(report, "chloe")
    bruno = signed("bruno")
    empty_response = bruno.send(SORT, faire="ranger")
    assert empty_response.status_code == 422
    assert "Cochez au moins un signalement." in page_text(empty_response)
    response = bruno.send(SORT, cle=[report.key, declined.key], faire="ranger")
    assert response.status_code == 409
    assert "chloe a ce signalement en main" in page_text(response)
    assert "ce signalement est à présent « écarté »" in page_text(response)
    assert ticks(response) == {report.key: True}
    assert bruno.send(SORT, cle=report.key, casier="tiroir").status_code == 400
    assert report_states(session, report, declined) == [ReportState.IN_REVIEW, ReportState.DECLINED]


def test_only_reports_that_allow_the_act_have_a_checkbox(signed, inbox):
    withdrawn, report = inbox.withdrawn(now()), inbox.received(now())
    page = signed("bruno").get(LIST)
    assert set(listed_keys(page)) == {withdrawn.key, report.key}
    assert set(ticks(page)) == {report.key}


# --- the home -------------------------------------------------------------------------------------


def test_the_home_shows_reports_by_age_with_day_and_place(signed, inbox):
    at = now()
    oldest = inbox.received(at - 400 * DAY)
    for day in range(6):
        inbox.received(at - day * DAY, place="puteaux", place_code="commune:92062")
    inbox.received(at, suspect=True)
    answered = inbox.waiting(at)
    inbox.answered(answered, at=at)
    inbox.held(at)
    bruno = signed("bruno")
    page = bruno.get("/moderation")
    content, markup = main_text(page), page.get_data(as_text=True)
    # First what Bruno has in hand, then an answer, then the oldest report.
    keys = re.findall(rf'<h3><a href="{LIST}/(\w+)"', markup)
    assert keys[2] == oldest.key
    assert len(keys) == len(set(keys)) == 10
    assert "en retard : écarté d’office le" in content
    assert "Puteaux : interdiction de filmer reçu il y a cinq jours" in content
    for count in ("Tout 10", "À vous 2", "Signalements à décider 7", "Douteux 1"):
        # An answered report in hand is counted once.
        assert count in content
    assert WORDS[:20] not in content
    # The page of a report has the queue in its sidebar, with that report marked.
    report_page = bruno.get(f"{LIST}/{oldest.key}").get_data(as_text=True)
    assert f'<a href="{LIST}/{oldest.key}" aria-current="page">' in report_page


def test_the_home_warns_of_a_flood_of_a_clock_and_of_missing_keys(
    app, settings, signed, engine, inbox, monkeypatch
):
    bruno = signed("bruno")
    inbox.received(now())
    assert "une inondation" not in page_text(bruno.get("/moderation"))
    monkeypatch.setattr(report_summary, "FLOOD", 0)
    content = page_text(bruno.get("/moderation"))
    assert "Plus de 0 signalements attendent que quelqu’un les lise." in content
    assert "webcitoyen purge --confirm" not in content
    with housekeeping(engine) as session:
        session.add(RetentionClock(id=1, day=dates.paris_day(now()) - 60 * DAY))
    db.session.rollback()
    assert "webcitoyen purge --confirm" in page_text(bruno.get("/moderation"))
    # Without the keys the home still shows what is not encrypted.
    with app.test_request_context():
        key_store().close()
    for file in settings.seal_dir.glob("keys.sqlite3*"):
        file.unlink()
    content = page_text(bruno.get("/moderation"))
    assert "Les signalements ne peuvent pas être ouverts : leur clé manque au serveur." in content
    assert "Illisible reçu aujourd’hui" in content


# --- confidentiality ------------------------------------------------------------------------


def test_nothing_of_a_report_is_on_a_public_page_or_in_the_log(app, signed, inbox, capfd):
    report = inbox.received(now(), account="zinzolin", contact="zinzolin@exemple.test")
    bruno = signed("bruno")
    assert "zinzolin" in page_text(bruno.get(f"{LIST}?debuts=oui"))
    assert bruno.get(f"{LIST}/{report.key}").status_code == 200
    bruno.send(f"{LIST}/{report.key}/ecarter", reason="doublon", sentence="zinzolin", vu="7")
    addresses = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.arguments and rule.endpoint != "static"
    ]
    assert "/incidents" in addresses
    for address in addresses:
        response = app.test_client().get(address)
        assert "zinzolin" not in response.get_data().decode("utf-8", "replace"), address
        assert report.key not in response.get_data().decode("utf-8", "replace"), address
    for address in (LIST, f"{LIST}/{report.key}", f"{LIST}?q=zinz"):
        assert app.test_client().get(address).status_code == 303
        assert app.test_client().post(address, data={"cle": report.key}).status_code in (303, 405)
    db.session.remove()
    out, err = capfd.readouterr()
    assert "zinzolin" not in out + err
    assert report.key not in out + err


# --- spam ---------------------------------------------------------------------------


def test_spam_marked_from_the_list_waits_for_another_member(signed, inbox, session):
    keys = [inbox.received().key for _ in range(2)]
    bruno, chloe = signed("bruno"), signed("chloe")
    assert bruno.send(SORT, {"cle": keys, "faire": report_list.PUT_ASIDE}).status_code == 303
    session.rollback()
    today = dates.paris_day(now())
    for key in keys:
        assert session.get(Report, key).purge_on == today + timedelta(days=30)
    spam_folder = f"{LIST}?casier={ReportFolder.SPAM}"
    own_list = main_text(bruno.get(spam_folder))
    assert "dès qu’un autre membre le confirme" in own_list
    assert "Confirmer les cochés comme indésirables" not in own_list
    assert "Confirmer les cochés comme indésirables" in main_text(chloe.get(spam_folder))
    for browser in (bruno, chloe):
        assert "Indésirables à confirmer" in main_text(browser.get("/moderation"))
    form = {"cle": keys, "faire": report_list.CONFIRM, "casier": ReportFolder.SPAM.value}
    refused = bruno.send(SORT, form)
    assert refused.status_code == 409
    assert "un autre membre que vous" in main_text(refused)
    assert chloe.send(SORT, form).status_code == 303
    assert "Indésirables à confirmer" not in main_text(chloe.get("/moderation"))
    session.expire_all()
    session.rollback()
    for key in keys:
        assert session.get(Report, key).purge_on == today + timedelta(days=7)


def test_a_single_spam_report_is_purged_after_seven_days(signed, inbox, session):
    key = inbox.received().key
    assert (
        signed("bruno").send(SORT, {"cle": [key], "faire": report_list.PUT_ASIDE}).status_code
        == 303
    )
    session.rollback()
    assert session.get(Report, key).purge_on == dates.paris_day(now()) + timedelta(days=7)
