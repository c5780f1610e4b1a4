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
from register.web.messages import desk as sentences
from register.web.request_context import key_store

pytestmark = pytest.mark.one_database

LIST = "/moderation/signalements"
SORT = f"{LIST}/tri"
# A day on which everything of these tests is recent, however long they take.
DAY = timedelta(days=1)


def text(answer):
    """The visible text of a page, on one line."""
    seen = re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))
    return " ".join(seen.replace("\u202f", " ").replace("\u00a0", " ").split())


def body(answer):
    return text(answer).partition("Se déconnecter")[2]


def listed(answer):
    """The keys of the reports of a list, in order."""
    return re.findall(rf'<h2><a href="{LIST}/([0-9a-f]{{32}})"', answer.get_data(as_text=True))


def ticks(answer):
    """The keys with a checkbox, and whether it is ticked."""
    page = answer.get_data(as_text=True)
    return {
        key: bool(is_on)
        for key, is_on in re.findall(r'name="cle" value="([0-9a-f]{32})"( checked)?', page)
    }


def states(session, *filed):
    session.rollback()
    return [ReportState(session.get_one(Report, one.key).state) for one in filed]


@pytest.fixture
def took(engine, cast):
    """``took(filed, "chloe")``: she claims a report."""

    def take(filed, name):
        with writing(engine, now()) as p:
            acts.claim(p, filed.key, by=getattr(cast, name))

    return take


# --- the trays ------------------------------------------------------------------------------------


def test_every_empty_folder_has_a_sentence(signed):
    bruno = signed("bruno")
    assert "Aucun signalement n’attend." in body(bruno.get(LIST))
    assert set(sentences.REPORT_LISTS) == set(sentences.EMPTY_LISTS) == set(ReportFolder)
    for tray in ReportFolder:
        page = bruno.get(f"{LIST}?casier={tray.value}")
        assert str(sentences.EMPTY_LISTS[tray]) in text(page)
        assert listed(page) == []
        assert SORT not in page.get_data(as_text=True)


def test_each_report_is_in_its_folders(signed, inbox):
    at = now()
    made = {
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
    key = {tray: filed.key for tray, filed in made.items()}
    expected = {tray: {one} for tray, one in key.items()}
    expected[ReportFolder.NEW] |= {key[ReportFolder.OVERDUE]}
    expected[ReportFolder.NEWS] = {answered.key, key[ReportFolder.WITHDRAWN]}
    bruno = signed("bruno")
    pages = {tray: bruno.get(f"{LIST}?casier={tray.value}") for tray in ReportFolder}
    assert {tray: set(listed(page)) for tray, page in pages.items()} == expected
    told = text(bruno.get(LIST))
    for tray, (name, _why) in sentences.REPORT_LISTS.items():
        assert f"{name} {len(expected[tray])}" in told.replace("\u00a0", " ")
    # What is undecided, the oldest first, and what came from reporters; no doubtful one.
    every = listed(bruno.get(LIST))
    assert every[0] == key[ReportFolder.OVERDUE]
    assert set(every) == {
        key[tray]
        for tray in (
            ReportFolder.NEW,
            ReportFolder.WAITING,
            ReportFolder.OVERDUE,
            ReportFolder.WITHDRAWN,
            ReportFolder.REVIEW,
        )
    } | {answered.key}
    assert f"À traiter {len(every)}" in told


def test_a_row_shows_place_dates_and_holder(signed, inbox, took):
    at = now()
    filed = inbox.received(at - 2 * DAY, account="Un <b>fait</b> & " + "long " * 80)
    inbox.received(at - 3 * DAY, place="au port", place_code="", types=(), account="Autre")
    took(filed, "chloe")
    late = inbox.received(at - 400 * DAY, account="Vieux", place="", place_code="")
    bare = body(signed("bruno").get(LIST))
    assert "Vieux" not in bare
    assert "Lieu non dit" in bare
    page = signed("bruno").get(f"{LIST}?debuts=oui")
    assert listed(page)[0] == late.key
    told, markup = body(page), page.get_data(as_text=True)
    assert "<b>fait</b>" not in markup
    assert "Un &lt;b&gt;fait&lt;/b&gt; &amp; long long" in markup
    assert "long…" in told
    assert "Interdiction de filmer" in told
    assert "en examen reçu il y a deux jours à chloe jusqu’à" in told.replace(" · ", " ")
    assert "au port Autre reçu il y a trois jours libre" in told
    assert "Lieu non dit Vieux" in told
    assert "en retard : écarté d’office le" in told
    assert 'class="late"' in markup


def test_a_purged_report_is_a_row_without_words(signed, inbox):
    filed = inbox.purged(now() - 100 * DAY)
    page = signed("bruno").get(f"{LIST}?casier=ecartes")
    assert listed(page) == [filed.key]
    assert "Textes détruits Signalement purgé écarté" in body(page)
    assert ticks(page) == {}


# --- filters --------------------------------------------------------------------------------------


def test_reports_are_found_by_place_type_words_and_holder(signed, inbox, took):
    at = now()
    gagny = inbox.received(at, account="La caméra est saisie.")
    puteaux = inbox.received(
        at, place="puteaux", place_code="commune:92062", types=("menace_expulsion",)
    )
    port = inbox.received(at, place="au port de Saint-Denis", place_code="", account="Rien")
    took(puteaux, "bruno")
    bruno = signed("bruno")

    def found(query):
        return set(listed(bruno.get(f"{LIST}?{query}")))

    for typed, code in (("gagny", "93032"), ("93220", "93032"), ("Puteaux", "92062")):
        sent_on = bruno.get(f"{LIST}?lieu={typed}&q=")
        assert (sent_on.status_code, sent_on.location) == (303, f"{LIST}?endroit=commune%3A{code}")
    assert found("endroit=commune:93032") == {gagny.key}
    assert found("endroit=departement:92") == {puteaux.key}
    assert found("type=menace_expulsion") == {puteaux.key}
    assert found("q=SAISIE+camera") == {gagny.key}
    assert found("q=camera+introuvable") == set()
    assert found("tenu=moi") == {puteaux.key}
    assert found("tenu=moi&endroit=commune:93032") == set()
    # Several places have that name: they are offered, and authors' own words are looked at.
    several = bruno.get(f"{LIST}?lieu=saint-denis")
    assert listed(several) == [port.key]
    assert f'href="{LIST}?endroit=commune%3A93066"' in several.get_data(as_text=True)
    assert "« saint-denis » peut désigner :" in text(several)
    # What is in force can be taken off, and an empty field leaves no trace in the address.
    both = bruno.get(f"{LIST}?casier=nouveaux&endroit=commune:93032&q=zzz")
    assert "Aucun signalement de ce casier ne répond à cette recherche." in text(both)
    assert f'href="{LIST}?casier=nouveaux&amp;endroit=commune%3A93032"' in both.text
    assert bruno.get(f"{LIST}?q=&type=&tenu=").location == LIST


@pytest.mark.parametrize(
    "query", ["casier=tiroir", "type=rien", "endroit=rue:5", "page=0", "page=x"]
)
def test_an_invalid_filter_is_refused(signed, query):
    assert signed("bruno").get(f"{LIST}?{query}").status_code == 400


def test_a_long_list_has_pages_and_states_when_it_is_partial(signed, inbox, monkeypatch):
    monkeypatch.setattr(report_lists, "PAGE_SIZE", 2)
    at = now()
    made = [inbox.received(at - day * DAY).key for day in (5, 4, 3)]
    bruno = signed("bruno")
    assert listed(bruno.get(LIST)) == made[:2]
    assert f'href="{LIST}?page=2"' in bruno.get(LIST).get_data(as_text=True)
    assert listed(bruno.get(f"{LIST}?page=2")) == made[2:]
    assert bruno.get(f"{LIST}?page=9").location == f"{LIST}?page=2"
    monkeypatch.setattr(report_lists, "DECRYPT_LIMIT", 2)
    monkeypatch.setattr(report_list, "DECRYPT_LIMIT", 2)
    page = bruno.get(f"{LIST}?q=conseil")
    assert listed(page) == made[:2]
    assert "Seuls les 2 premiers signalements de ce casier ont été ouverts" in text(page)


# --- many at once ---------------------------------------------------------------------------------


def test_ticked_reports_are_marked_as_spam_and_reopened(signed, session, inbox, took):
    at = now()
    first, second, third = inbox.received(at), inbox.received(at), inbox.received(at)
    took(third, "chloe")
    bruno = signed("bruno")
    assert not any(ticks(bruno.get(LIST)).values())
    every = bruno.get(f"{LIST}?cocher=tout")
    assert ticks(every) == {one.key: True for one in (first, second, third)}
    keys = [first.key, second.key, second.key, third.key, "0" * 32, "x\x00"]
    done = bruno.send(SORT, cle=keys, casier="nouveaux", faire="ranger")
    assert (done.status_code, done.location) == (303, f"{LIST}?casier=nouveaux")
    told = text(bruno.get(done.location))
    assert "Deux signalements sont rangés parmi les indésirables." in told
    assert "Un signalement reste comme il était : chloe a ce signalement en main" in told
    assert "il n’y a pas de signalement à cette adresse." in told
    assert states(session, first, second, third) == [
        ReportState.SPAM,
        ReportState.SPAM,
        ReportState.IN_REVIEW,
    ]
    spam = bruno.get(f"{LIST}?casier=indesirables")
    purged = dates.day_words(dates.paris_day(now()) + 30 * DAY)
    assert f"détruit le {purged}".replace("\u00a0", " ") in text(spam)
    assert set(ticks(spam)) == {first.key, second.key}
    done = bruno.send(SORT, cle=first.key, casier="indesirables", faire="reprendre")
    assert done.status_code == 303
    assert "Un signalement est repris" in text(bruno.get(done.location))
    assert states(session, first, second) == [ReportState.RECEIVED, ReportState.SPAM]


def test_a_bulk_act_refused_for_all_explains_why(signed, session, inbox, took):
    filed, declined = inbox.received(now()), inbox.declined(now())
    took(filed, "chloe")
    bruno = signed("bruno")
    nothing = bruno.send(SORT, faire="ranger")
    assert nothing.status_code == 422
    assert "Cochez au moins un signalement." in text(nothing)
    held = bruno.send(SORT, cle=[filed.key, declined.key], faire="ranger")
    assert held.status_code == 409
    assert "chloe a ce signalement en main" in text(held)
    assert "ce signalement est à présent « écarté »" in text(held)
    assert ticks(held) == {filed.key: True}
    assert bruno.send(SORT, cle=filed.key, casier="tiroir").status_code == 400
    assert states(session, filed, declined) == [ReportState.IN_REVIEW, ReportState.DECLINED]


def test_only_reports_that_allow_the_act_have_a_checkbox(signed, inbox):
    withdrawn, filed = inbox.withdrawn(now()), inbox.received(now())
    page = signed("bruno").get(LIST)
    assert set(listed(page)) == {withdrawn.key, filed.key}
    assert set(ticks(page)) == {filed.key}


# --- the home -------------------------------------------------------------------------------------


def test_the_home_counts_reports_and_shows_the_oldest_by_day_and_place(signed, inbox):
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
    told, markup = body(page), page.get_data(as_text=True)
    margin = markup.partition("Signalements\u00a0: sept à lire")[2].partition("</ol>")[0]
    assert margin.count("<li>") == 5
    assert re.findall(rf'href="{LIST}/(\w+)"', margin)[0] == oldest.key
    assert "en retard : écarté d’office le" in told
    assert "Puteaux reçu il y a cinq jours" in told
    for said in ("En retard 1", "Réponses arrivées 1", "Nouveaux 7", "En examen 1", "Douteux 1"):
        # Whose answer came is counted once, though it is in review as well.
        assert said in told
    assert f'href="{LIST}?casier=douteux"' in markup
    assert WORDS[:20] not in told
    # The same margin stands beside a report, where the open one is marked.
    beside = bruno.get(f"{LIST}/{oldest.key}").get_data(as_text=True)
    assert f'<a href="{LIST}/{oldest.key}" aria-current="page">' in beside


def test_the_home_warns_of_a_flood_of_a_clock_and_of_missing_keys(
    app, settings, signed, engine, inbox, monkeypatch
):
    bruno = signed("bruno")
    inbox.received(now())
    assert "une inondation" not in text(bruno.get("/moderation"))
    monkeypatch.setattr(report_summary, "FLOOD", 0)
    told = text(bruno.get("/moderation"))
    assert "Plus de 0 signalements attendent que quelqu’un les lise." in told
    assert "webcitoyen purge --confirm" not in told
    with housekeeping(engine) as opened:
        opened.add(RetentionClock(id=1, day=dates.paris_day(now()) - 60 * DAY))
    db.session.rollback()
    assert "webcitoyen purge --confirm" in text(bruno.get("/moderation"))
    # Without the keys the home still shows the work that needs none.
    with app.test_request_context():
        key_store().close()
    for file in settings.seal_dir.glob("keys.sqlite3*"):
        file.unlink()
    told = text(bruno.get("/moderation"))
    assert "Les signalements ne peuvent pas être ouverts : leur clé manque au serveur." in told
    assert "Nouveaux 1" in told


# --- what nobody else sees ------------------------------------------------------------------------


def test_nothing_of_a_report_is_on_a_public_page_or_in_the_log(app, signed, inbox, capfd):
    filed = inbox.received(now(), account="zinzolin", contact="zinzolin@exemple.test")
    bruno = signed("bruno")
    assert "zinzolin" in text(bruno.get(f"{LIST}?debuts=oui"))
    assert bruno.get(f"{LIST}/{filed.key}").status_code == 200
    bruno.send(f"{LIST}/{filed.key}/ecarter", reason="doublon", sentence="zinzolin", vu="7")
    public = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.arguments and rule.endpoint != "static"
    ]
    assert "/incidents" in public
    for address in public:
        answer = app.test_client().get(address)
        assert "zinzolin" not in answer.get_data().decode("utf-8", "replace"), address
        assert filed.key not in answer.get_data().decode("utf-8", "replace"), address
    for address in (LIST, f"{LIST}/{filed.key}", f"{LIST}?q=zinz"):
        assert app.test_client().get(address).status_code == 303
        assert app.test_client().post(address, data={"cle": filed.key}).status_code in (303, 405)
    db.session.remove()
    out, err = capfd.readouterr()
    assert "zinzolin" not in out + err
    assert filed.key not in out + err


# --- several at once ---------------------------------------------------------------------------


def test_spam_marked_from_the_list_waits_for_another_member(signed, inbox, session):
    keys = [inbox.received().key for _ in range(2)]
    bruno, chloe = signed("bruno"), signed("chloe")
    assert bruno.send(SORT, {"cle": keys, "faire": report_list.PUT_ASIDE}).status_code == 303
    session.rollback()
    today = dates.paris_day(now())
    for key in keys:
        assert session.get(Report, key).purge_on == today + timedelta(days=30)
    tray = f"{LIST}?casier={ReportFolder.SPAM}"
    own = body(bruno.get(tray))
    assert "dès qu’un autre membre le confirme" in own
    assert "Confirmer les cochés comme indésirables" not in own
    assert "Confirmer les cochés comme indésirables" in body(chloe.get(tray))
    assert "Indésirables à confirmer" not in body(bruno.get("/moderation"))
    assert "Indésirables à confirmer" in body(chloe.get("/moderation"))
    sent = {"cle": keys, "faire": report_list.CONFIRM, "casier": ReportFolder.SPAM.value}
    refused = bruno.send(SORT, sent)
    assert refused.status_code == 409
    assert "un autre membre que vous" in body(refused)
    assert chloe.send(SORT, sent).status_code == 303
    assert "Indésirables à confirmer" not in body(chloe.get("/moderation"))
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
