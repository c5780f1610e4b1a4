"""Page of a report on the desk and its acts."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from form_client import FormParser
from report_factory import ANSWER, CONTACT, QUESTION, SENTENCE, WORDS, nonce

from register.cases import acts as cases
from register.db import db, now
from register.journal import Ledger, head, writing
from register.journal.models import REPORTER_ACTS
from register.reports import acts, queries
from register.reports.models import Report, ReportState
from register.reports.report_content import MESSAGE_LIMIT
from register.web.messages.desk import REPORTER_ACT_SENTENCES

pytestmark = pytest.mark.one_database

LIST = "/moderation/signalements"
DAY = timedelta(days=1)


def address(filed, act=""):
    return f"{LIST}/{filed.key}{act and '/'}{act}"


def text(answer):
    seen = re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))
    return " ".join(seen.replace("\u202f", " ").replace("\u00a0", " ").split())


def row(session, filed):
    session.rollback()
    return session.get_one(Report, filed.key)


def whole(session, store, filed):
    session.rollback()
    return queries.get_report(session, store, filed.key)


def lines(session):
    session.rollback()
    return head(session, Ledger.DESK).seq


def offered(answer, filed):
    """The acts on the page of a report: the last word of each form's or link's address."""
    page = answer.get_data(as_text=True)
    return set(re.findall(rf'(?:href|action)="{address(filed)}/(\w+)"', page))


def form(answer, filed, act):
    (found,) = [
        one
        for one in FormParser(answer.get_data(as_text=True)).forms
        if one.action == address(filed, act)
    ]
    return dict(found.fields)


# --- the page -------------------------------------------------------------------------------------


def test_the_whole_report_is_shown_as_text(signed, inbox):
    filed = inbox.received(
        now(),
        account="Ligne <script>alert(1)</script>\nsuite",
        contact=CONTACT,
        date="2026-03-17",
        actor_text="le premier adjoint",
        target_text="un passant",
        began="contre_cible",
        links=("https://exemple.test/a?b=1&c", "javascript:alert(1)", "sans adresse"),
    )
    answer = signed("bruno").get(address(filed))
    page, told = answer.get_data(as_text=True), text(answer)
    assert "<h1>Gagny\u00a0: interdiction de filmer</h1>" in page
    assert "Ligne &lt;script&gt;alert(1)&lt;/script&gt;\nsuite" in page
    assert "<script>alert" not in page
    assert 'href="https://exemple.test/a?b=1&amp;c" rel="nofollow noopener noreferrer"' in page
    assert 'href="javascript' not in page
    assert "<li>javascript:alert(1)</li>" in page
    for said in ("hier soir", "17 mars 2026", "le premier adjoint", "un passant", "Gagny"):
        assert said in told
    # A contact is not in the page before somebody asks for it.
    assert CONTACT not in page
    assert "Montrer le contact laissé" in page
    assert answer.headers["Cache-Control"] == "no-store"


def test_offered_acts_depend_on_the_state_and_the_holder(signed, engine, inbox, cast):
    deciding = {"retenir", "rattacher", "question", "ecarter", "indesirable"}
    at, bruno, chloe = now(), signed("bruno"), signed("chloe")
    for filed, to_bruno, to_chloe in (
        (inbox.received(at), deciding | {"prendre"}, deciding | {"prendre"}),
        (inbox.held(at), deciding | {"rendre"}, set()),
        (inbox.waiting(at), deciding | {"rendre"}, set()),
        (inbox.declined(at), {"reprendre"}, {"reprendre"}),
        (inbox.spam(at), {"reprendre"}, {"reprendre"}),
        (inbox.accepted(at), set(), set()),
        (inbox.withdrawn(at), {"lu"}, {"lu"}),
        (inbox.purged(at - 100 * DAY), set(), set()),
    ):
        for browser, expected in ((bruno, to_bruno), (chloe, to_chloe)):
            found = offered(browser.get(address(filed)), filed)
            assert found == expected, (filed, browser)
    held = inbox.held(at)
    db.session.rollback()
    told = text(chloe.get(address(held)))
    assert "bruno a ce signalement en main jusqu’à" in told
    assert "Un autre membre l’a en main : il décide, ou le rend." in told


def test_a_purged_report_shows_its_summary_only(signed, inbox):
    filed = inbox.purged(now() - 100 * DAY, contact=CONTACT)
    bruno = signed("bruno")
    answer = bruno.get(address(filed))
    told = text(answer)
    assert "sont détruits, et plus rien ne peut les rendre" in told
    assert "État Écarté Motif Éléments insuffisants" in told
    for gone in (WORDS, CONTACT, SENTENCE):
        assert gone not in told
    for act in ("question", "ecarter", "reprendre"):
        refused = bruno.send(address(filed, act), text="x", reason="doublon", vu="0")
        assert refused.status_code == 409
        assert SENTENCE not in text(refused)


def test_the_history_tells_members_times_and_reporters_days(signed, inbox):
    filed = inbox.waiting(now(), contact=CONTACT)
    inbox.answered(filed, at=now())
    page = signed("bruno").get(address(filed)).get_data(as_text=True)
    told = page.partition('id="histoire"')[2]
    assert told.index("a posé une question") < told.index("a pris un signalement")
    assert told.index("a pris un signalement") < told.index("Le signalement est arrivé")
    for said, timed in (
        ("a posé une question", True),
        ("Son auteur a écrit", False),
        ("Le signalement est arrivé", False),
    ):
        line = told.partition(said)[2].partition("</li>")[0]
        assert bool(re.search(r"\d{1,2}\u00a0h\u00a0\d\d", line)) is timed, said
    assert "report_" not in told


@pytest.mark.parametrize("key", ["0" * 32, "x" * 32, "tri", "1"])
def test_an_unknown_report_is_not_found(signed, key):
    bruno = signed("bruno")
    # The address of many at once is there, but not to be asked for.
    assert bruno.get(f"{LIST}/{key}").status_code == (405 if key == "tri" else 404)
    for act in ("prendre", "rendre", "question", "ecarter", "indesirable", "reprendre"):
        assert bruno.send(f"{LIST}/{key}/{act}", text="x", reason="doublon").status_code == 404


# --- in hand --------------------------------------------------------------------------------------


def test_a_report_is_claimed_and_released(session, signed, inbox, cast):
    filed, bruno = inbox.received(now()), signed("bruno")
    before = lines(session)
    took = bruno.send(address(filed, "prendre"))
    assert (took.status_code, took.location) == (303, address(filed))
    assert (row(session, filed).held_by, row(session, filed).state) == (cast.bruno, "in_review")
    assert "Vous avez ce signalement en main." in text(bruno.get(took.location))
    lost = signed("chloe").send(address(filed, "prendre"))
    assert lost.status_code == 409
    assert "Bruno a ce signalement en main jusqu’à" in text(lost)
    assert bruno.send(address(filed, "rendre")).status_code == 303
    assert (row(session, filed).held_by, row(session, filed).state) == (None, "received")
    again = bruno.send(address(filed, "rendre"))
    assert again.status_code == 409
    assert "Personne n’a ce signalement en main." in text(again)
    assert lines(session) == before + 2


def test_one_of_two_concurrent_claims_is_refused(app, session, signed, inbox, cast):
    filed, members = inbox.received(now()), [signed("bruno"), signed("chloe")]
    found, ready = [0, 0], threading.Barrier(2)

    def take(place):
        ready.wait()
        found[place] = members[place].send(address(filed, "prendre")).status_code
        with app.app_context():
            db.session.remove()

    threads = [threading.Thread(target=take, args=(place,)) for place in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [303, 409]
    assert row(session, filed).held_by == (cast.bruno, cast.chloe)[found.index(303)]


# --- asking ---------------------------------------------------------------------------------------


def test_a_question_is_asked_from_the_page(session, store, signed, inbox):
    filed, bruno = inbox.received(now()), signed("bruno")
    sent = form(bruno.get(address(filed)), filed, "question") | {"text": f" {QUESTION}\r\nOù ? "}
    asked = bruno.send(address(filed, "question"), sent)
    assert (asked.status_code, asked.location) == (303, address(filed))
    file = whole(session, store, filed)
    assert [one.text for one in file.messages] == [f"{QUESTION}\nOù ?"]
    assert file.summary.state is ReportState.WAITING
    told = text(signed("chloe").get(address(filed)))
    assert "Échanges Question de l’équipe" in told
    assert QUESTION in told


@pytest.mark.parametrize("typed", ["", " \u200b ", "é" * (MESSAGE_LIMIT + 1)], ids=["0", "1", "2"])
def test_an_invalid_question_comes_back(session, signed, inbox, typed):
    filed, bruno = inbox.received(now()), signed("bruno")
    before = lines(session)
    answer = bruno.send(address(filed, "question"), text=typed, vu="0")
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert '<details id="question" open>' in page
    assert 'href="#text"' in page
    assert form(answer, filed, "question")["text"].strip() == typed.strip().strip("\u200b ")
    assert lines(session) == before


def test_an_unread_message_blocks_a_decision(session, store, signed, inbox):
    filed, bruno = inbox.waiting(now()), signed("bruno")
    page = bruno.get(address(filed))
    inbox.answered(filed, at=now())
    before = lines(session)
    for act, field, more in (
        ("question", "text", {}),
        ("ecarter", "sentence", {"reason": "insuffisant"}),
    ):
        sent = form(page, filed, act) | {field: "Un texte à garder."} | more
        answer = bruno.send(address(filed, act), sent)
        told = text(answer)
        assert answer.status_code == 409
        assert "Un message est arrivé pendant que vous lisiez" in told
        assert ANSWER in told
        again = form(answer, filed, act)
        assert (again[field].strip(), again["vu"]) == ("Un texte à garder.", "2")
        assert lines(session) == before
    # Sent again, it is sent upon what was read.
    assert bruno.send(address(filed, "question"), again | {"text": "Et où ?"}).status_code == 303
    assert [one.text for one in whole(session, store, filed).messages][2:] == ["Et où ?"]
    # A form that does not say what was read has read nothing.
    assert bruno.send(address(filed, "question"), text="Et quand ?").status_code == 409


# --- declining ------------------------------------------------------------------------------------


def test_a_report_is_declined_with_a_written_sentence(session, store, signed, inbox, cast):
    filed, bruno = inbox.received(now()), signed("bruno")
    sent = form(bruno.get(address(filed)), filed, "ecarter")
    done = bruno.send(address(filed, "ecarter"), sent | {"reason": "doublon", "sentence": SENTENCE})
    assert (done.status_code, done.location) == (303, address(filed))
    file = whole(session, store, filed)
    assert (file.summary.state, file.summary.reason) == (ReportState.DECLINED, "doublon")
    assert (file.decision.sentence, file.decision.by) == (SENTENCE, cast.bruno)
    told = text(bruno.get(address(filed)))
    assert "Motif Déjà dans le registre Décidé par bruno" in told
    assert f"Ce que son auteur lit {SENTENCE}" in told
    assert "Détruit le" in told


def test_an_empty_sentence_defaults_to_that_of_the_reason(session, store, signed, inbox):
    first, second, bruno = inbox.received(now()), inbox.received(now()), signed("bruno")
    assert bruno.send(address(first, "ecarter"), reason="doublon", vu="0").status_code == 303
    sentence = whole(session, store, first).decision.sentence
    assert sentence.startswith("Merci de nous avoir écrit. Ces faits figurent déjà")
    proposed = bruno.send(address(second, "ecarter"), reason="doublon", vu="0", etape="proposer")
    assert proposed.status_code == 200
    again = form(proposed, second, "ecarter")
    assert (again["reason"], again["sentence"].strip()) == ("doublon", sentence)
    assert row(session, second).state == "received"
    longer = again | {"sentence": again["sentence"] + " Merci encore."}
    assert bruno.send(address(second, "ecarter"), longer).status_code == 303
    assert whole(session, store, second).decision.sentence == f"{sentence} Merci encore."


@pytest.mark.parametrize("reason", ["", "rien", "donnee_personnelle"])
@pytest.mark.parametrize("step", ["", "proposer"])
def test_without_a_reason_nothing_is_declined(session, signed, inbox, reason, step):
    filed = inbox.received(now())
    before = lines(session)
    sent = {"reason": reason, "sentence": "Une phrase à garder.", "vu": "0", "etape": step}
    answer = signed("bruno").send(address(filed, "ecarter"), sent)
    assert answer.status_code == 422
    assert '<details id="ecarter" open>' in answer.get_data(as_text=True)
    assert 'href="#reason"' in answer.get_data(as_text=True)
    assert form(answer, filed, "ecarter")["sentence"].strip() == "Une phrase à garder."
    assert lines(session) == before


def test_a_report_withdrawn_meanwhile_is_not_declined(session, engine, store, signed, inbox):
    filed, bruno = inbox.held(now()), signed("bruno")
    sent = form(bruno.get(address(filed)), filed, "ecarter")
    with writing(engine, now()) as p:
        acts.withdraw(p, store, filed.key, nonce())
    before = lines(session)
    answer = bruno.send(address(filed, "ecarter"), sent | {"reason": "doublon", "sentence": "Ah."})
    assert answer.status_code == 409
    assert "Ce signalement est à présent « retiré par son auteur »" in text(answer)
    assert form(answer, filed, "ecarter")["sentence"].strip() == "Ah."
    assert row(session, filed).state == "withdrawn"
    assert lines(session) == before


def test_a_report_held_by_another_member_is_not_decided(session, signed, inbox):
    filed, chloe = inbox.held(now()), signed("chloe")
    before = lines(session)
    for act, sent in (
        ("question", {"text": "À garder"}),
        ("ecarter", {"reason": "doublon", "sentence": "À garder"}),
        ("indesirable", {}),
    ):
        answer = chloe.send(address(filed, act), sent | {"vu": "0"})
        assert answer.status_code == 409
        assert "Bruno a ce signalement en main jusqu’à" in text(answer)
        assert not sent or "À garder" in answer.get_data(as_text=True)
    assert lines(session) == before


# --- put aside, and taken up again ----------------------------------------------------------------


def test_a_report_is_marked_as_spam_and_reopened(session, store, signed, inbox):
    filed, bruno = inbox.received(now(), suspect=True), signed("bruno")
    assert bruno.send(address(filed, "indesirable")).status_code == 303
    assert row(session, filed).state == "spam"
    assert row(session, filed).purge_on is not None
    told = text(bruno.get(address(filed)))
    assert "Le signalement est rangé parmi les indésirables." in told
    assert "Échéance Détruit le" in told
    assert bruno.send(address(filed, "indesirable")).status_code == 409
    assert bruno.send(address(filed, "reprendre")).status_code == 303
    found = row(session, filed)
    assert (found.state, found.purge_on, found.suspect) == ("received", None, False)
    assert bruno.send(address(filed, "reprendre")).status_code == 409
    declined = inbox.declined(now())
    db.session.rollback()
    assert bruno.send(address(declined, "reprendre")).status_code == 303
    assert whole(session, store, declined).decision.sentence == ""


def test_news_are_marked_as_read_from_the_page(session, signed, inbox):
    declined, bruno = inbox.declined(now()), signed("bruno")
    inbox.answered(declined, at=now())
    page = bruno.get(address(declined))
    assert "lu" in offered(page, declined)
    sent = form(page, declined, "lu")
    inbox.answered(declined, "Encore ceci.", at=now())
    meanwhile = bruno.send(address(declined, "lu"), sent)
    assert meanwhile.status_code == 409
    assert "Encore ceci." in text(meanwhile)
    assert row(session, declined).news
    done = bruno.send(address(declined, "lu"), form(meanwhile, declined, "lu"))
    assert done.status_code == 303
    assert (row(session, declined).news, row(session, declined).state) == (False, "declined")
    assert "lu" not in offered(bruno.get(address(declined)), declined)
    assert bruno.send(address(declined, "lu"), vu="2").status_code == 409
    # What was taken back says so until somebody has seen it.
    withdrawn = inbox.withdrawn(now())
    db.session.rollback()
    assert bruno.send(address(withdrawn, "lu"), vu="0").status_code == 303
    assert withdrawn.key not in bruno.get(LIST).get_data(as_text=True)


def test_an_accepted_report_is_reopened_once_its_case_is_given_up(
    session, engine, store, signed, inbox, cast
):
    filed, bruno = inbox.accepted(now()), signed("bruno")
    case = whole(session, store, filed).case
    page = bruno.get(address(filed))
    assert f'href="/moderation/dossiers/{case.id}"' in page.get_data(as_text=True)
    refused = bruno.send(address(filed, "reprendre"))
    assert refused.status_code == 409
    assert "Le dossier né de ce signalement existe encore" in text(refused)
    db.session.rollback()
    with writing(engine, now()) as p:
        cases.discard(p, case.id, by=cast.bruno)
    assert "reprendre" in offered(bruno.get(address(filed)), filed)
    assert bruno.send(address(filed, "reprendre")).status_code == 303
    assert row(session, filed).state == "received"


# --- whoever may not ------------------------------------------------------------------------------


def test_without_a_token_or_as_a_stranger_nothing_changes(app, session, signed, inbox):
    filed = inbox.received(now())
    before = lines(session)
    for act in ("prendre", "question", "ecarter", "indesirable", "reprendre"):
        sent = {"text": "x", "reason": "doublon", "sentence": "x", "vu": "0"}
        assert signed("bruno").client.post(address(filed, act), data=sent).status_code == 403
        assert app.test_client().post(address(filed, act), data=sent).status_code in (303, 403)
        assert signed("driss").send(address(filed, act), sent).status_code in (303, 403)
        assert signed("bruno").get(address(filed, act)).status_code == 405
    assert lines(session) == before
    assert row(session, filed).state == "received"


def test_every_act_of_reporters_has_a_sentence():
    assert set(REPORTER_ACT_SENTENCES) == REPORTER_ACTS
