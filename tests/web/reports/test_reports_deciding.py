"""Page of a report on the desk and its acts."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from form_client import FormClient, FormParser
from ledger_lines import REPORTER_ACTS
from report_factory import ANSWER, CONTACT, QUESTION, SENTENCE, WORDS, nonce
from sqlalchemy import select

from register.cases import acts as cases
from register.db import db, now
from register.journal import JournalEntry, Ledger, head, writing
from register.reports import acts, queries
from register.reports.models import MessageKind, Report, ReportState
from register.reports.report_content import MESSAGE_LIMIT
from register.web import messages

pytestmark = pytest.mark.one_database

LIST_PATH = "/moderation/signalements"
DAY = timedelta(days=1)


def report_path(report, act=""):
    return f"{LIST_PATH}/{report.key}{act and '/'}{act}"


def page_text(answer):
    visible = re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))
    return " ".join(visible.replace("\u202f", " ").replace("\u00a0", " ").split())


def load_row(session, report):
    session.rollback()
    return session.get_one(Report, report.key)


def load_view(session, store, report):
    session.rollback()
    return queries.get_report(session, store, report.key)


def last_desk_line(session):
    session.rollback()
    return head(session, Ledger.DESK).seq


def offered_acts(answer, report):
    """The acts offered by the page: the last part of the address of each form and link."""
    html = answer.get_data(as_text=True)
    return set(re.findall(rf'(?:href|action)="{report_path(report)}/(\w+)"', html))


def form_fields(answer, report, act):
    (matching,) = [
        parsed
        for parsed in FormParser(answer.get_data(as_text=True)).forms
        if parsed.action == report_path(report, act)
    ]
    return dict(matching.fields)


# --- the page -------------------------------------------------------------------------------------


def test_the_report_is_shown_as_text(signed, inbox):
    report = inbox.received(
        now(),
        account="Ligne <script>alert(1)</script>\nsuite",
        contact=CONTACT,
        date="2026-03-17",
        actor_text="le premier adjoint",
        target_text="un passant",
        began="contre_cible",
        links=("https://exemple.test/a?b=1&c", "javascript:alert(1)", "sans adresse"),
    )
    response = signed("bruno").get(report_path(report))
    html, content = response.get_data(as_text=True), page_text(response)
    assert "<h1>Gagny\u00a0: interdiction de filmer</h1>" in html
    assert "Ligne &lt;script&gt;alert(1)&lt;/script&gt;\nsuite" in html
    assert "<script>alert" not in html
    assert 'href="https://exemple.test/a?b=1&amp;c" rel="nofollow noopener noreferrer"' in html
    assert 'href="javascript' not in html
    assert "<li>javascript:alert(1)</li>" in html
    for fact in ("hier soir", "17 mars 2026", "le premier adjoint", "un passant", "Gagny"):
        assert fact in content
    # The contact is shown on request only.
    assert CONTACT not in html
    assert "Montrer le contact laissé" in html
    assert response.headers["Cache-Control"] == "no-store"


def test_offered_acts_depend_on_the_state_and_the_holder(signed, engine, inbox, desk, cast):
    public = desk.published()
    decisions = {"retenir", "rattacher", "question", "ecarter", "indesirable"}
    free = decisions | {"confier", "urgence"}
    at, bruno, chloe = now(), signed("bruno"), signed("chloe")
    for report, to_bruno, to_chloe in (
        (inbox.received(at), free | {"prendre"}, free | {"prendre"}),
        (inbox.held(at), free | {"rendre"}, {"urgence"}),
        (inbox.waiting(at), free | {"rendre"}, {"urgence"}),
        (inbox.declined(at), {"reprendre"}, {"reprendre"}),
        (inbox.spam(at), {"reprendre"}, {"reprendre"}),
        (inbox.accepted(at), {"question", "urgence"}, {"question", "urgence"}),
        (inbox.accepted(at, into=public.id), {"urgence"}, {"urgence"}),
        (inbox.withdrawn(at), {"lu"}, {"lu"}),
        (inbox.purged(at - 100 * DAY), set(), set()),
    ):
        for browser, expected in ((bruno, to_bruno), (chloe, to_chloe)):
            acts_shown = offered_acts(browser.get(report_path(report)), report)
            assert acts_shown - {"notes", "masquer"} == expected, (report, browser)
    held = inbox.held(at)
    db.session.rollback()
    content = page_text(chloe.get(report_path(held)))
    assert "bruno a ce signalement en main jusqu’à" in content
    assert "Un autre membre l’a en main : il décide, ou le rend." in content
    # An administrator releases it, or hands it on.
    ada, address = signed("ada"), report_path(held)
    on_page = {"confier", "rendre", "urgence", "notes", "masquer"}
    assert offered_acts(ada.get(address), held) == on_page
    assert ada.send(f"{address}/confier", to=str(cast.chloe)).status_code == 303
    assert "Ce signalement vous est confié." in page_text(chloe.get(address))
    assert ada.send(f"{address}/confier", to=str(cast.driss)).status_code == 422
    term = {"danger": "y", "term_on": "2020-03-12", "term_label": "audience"}
    assert bruno.send(f"{address}/urgence", **term).status_code == 303
    assert "échéance passée depuis le 12 mars 2020 : audience" in page_text(bruno.get(address))
    assert "échéance passée" in page_text(bruno.get("/moderation/signalements"))
    assert bruno.send(f"{address}/urgence", term_on="hier").status_code == 422
    assert ada.send(f"{address}/rendre").status_code == 303


def test_a_purged_report_shows_its_summary_only(signed, inbox):
    report = inbox.purged(now() - 100 * DAY, contact=CONTACT)
    bruno = signed("bruno")
    response = bruno.get(report_path(report))
    content = page_text(response)
    assert "sont détruits, et plus rien ne peut les rendre" in content
    assert "État Écarté Motif Éléments insuffisants" in content
    for purged_text in (WORDS, CONTACT, SENTENCE):
        assert purged_text not in content
    for act in ("question", "ecarter", "reprendre"):
        refused = bruno.send(report_path(report, act), text="x", reason="doublon", vu="0")
        assert refused.status_code == 409
        assert SENTENCE not in page_text(refused)


def test_the_history_tells_members_times_and_reporters_days(signed, inbox):
    report = inbox.waiting(now(), contact=CONTACT)
    inbox.answered(report, at=now())
    html = signed("bruno").get(report_path(report)).get_data(as_text=True)
    history = html.partition('id="histoire"')[2]
    assert history.index("a posé une question") < history.index("a pris un signalement")
    assert history.index("a pris un signalement") < history.index("Le signalement est arrivé")
    for sentence, has_time in (
        ("a posé une question", True),
        ("Son auteur a écrit", False),
        ("Le signalement est arrivé", False),
    ):
        line = history.partition(sentence)[2].partition("</li>")[0]
        assert bool(re.search(r"\d{1,2}\u00a0h\u00a0\d\d", line)) is has_time, sentence
    assert "report_" not in history


@pytest.mark.parametrize("key", ["0" * 32, "x" * 32, "tri", "1"])
def test_an_unknown_report_is_not_found(signed, key):
    bruno = signed("bruno")
    # « tri » is the address of bulk acts: POST only.
    assert bruno.get(f"{LIST_PATH}/{key}").status_code == (405 if key == "tri" else 404)
    for act in ("prendre", "rendre", "question", "ecarter", "indesirable", "reprendre"):
        assert bruno.send(f"{LIST_PATH}/{key}/{act}", text="x", reason="doublon").status_code == 404


# --- claims --------------------------------------------------------------------------------------


def test_a_report_is_claimed_and_released(session, signed, inbox, cast):
    report, bruno = inbox.received(now()), signed("bruno")
    line_before = last_desk_line(session)
    claimed = bruno.send(report_path(report, "prendre"))
    assert (claimed.status_code, claimed.location) == (303, report_path(report))
    assert (load_row(session, report).held_by, load_row(session, report).state) == (
        cast.bruno,
        "in_review",
    )
    assert "Vous avez ce signalement en main." in page_text(bruno.get(claimed.location))
    refused = signed("chloe").send(report_path(report, "prendre"))
    assert refused.status_code == 409
    assert "Bruno a ce signalement en main jusqu’à" in page_text(refused)
    assert bruno.send(report_path(report, "rendre")).status_code == 303
    assert (load_row(session, report).held_by, load_row(session, report).state) == (
        None,
        "received",
    )
    released_again = bruno.send(report_path(report, "rendre"))
    assert released_again.status_code == 409
    assert "Personne n’a ce signalement en main." in page_text(released_again)
    assert last_desk_line(session) == line_before + 2


def test_one_of_two_concurrent_claims_is_refused(app, session, signed, inbox, cast):
    report, members = inbox.received(now()), [signed("bruno"), signed("chloe")]
    statuses, ready = [0, 0], threading.Barrier(2)

    def claim(position):
        ready.wait()
        statuses[position] = members[position].send(report_path(report, "prendre")).status_code
        with app.app_context():
            db.session.remove()

    threads = [threading.Thread(target=claim, args=(position,)) for position in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [303, 409]
    assert load_row(session, report).held_by == (cast.bruno, cast.chloe)[statuses.index(303)]


# --- asking ---------------------------------------------------------------------------------------


def test_a_question_is_asked_from_the_page(session, store, signed, inbox):
    report, bruno = inbox.received(now()), signed("bruno")
    form = form_fields(bruno.get(report_path(report)), report, "question") | {
        "text": f" {QUESTION}\r\nOù ? "
    }
    response = bruno.send(report_path(report, "question"), form)
    assert (response.status_code, response.location) == (303, report_path(report))
    view = load_view(session, store, report)
    assert [message.text for message in view.messages] == [f"{QUESTION}\nOù ?"]
    assert view.summary.state is ReportState.WAITING
    content = page_text(signed("chloe").get(report_path(report)))
    assert "Échanges Question de l’équipe" in content
    assert QUESTION in content


def test_a_question_about_an_accepted_report_is_answered_until_the_case_is_published(
    app, session, store, signed, inbox, pen, cast
):
    report, bruno, amina = inbox.accepted(now()), signed("bruno"), FormClient(app)
    case = load_view(session, store, report).case.id
    form = form_fields(bruno.get(report_path(report)), report, "question")
    assert bruno.send(report_path(report, "question"), form | {"text": QUESTION}).status_code == 303
    tray = page_text(bruno.get(f"{LIST_PATH}?casier=en-attente"))
    assert "retenu aujourd’hui, question posée aujourd’hui" in tray
    amina.post("/suivi", {"code": report.code})
    assert "Une question vous attend" in amina.text
    assert "reste retenu" in amina.text
    amina.send("/suivi/message", message=ANSWER)
    assert "Retenu, pas encore publié" in amina.text
    assert load_view(session, store, report).messages[-1].kind is MessageKind.ANSWER
    db.session.rollback()
    assert "du nouveau" in page_text(bruno.get(f"{LIST_PATH}?casier=reponses"))
    # Both are beside the draft, whose view is recorded.
    editor = page_text(bruno.get(f"/moderation/dossiers/{case}/modifier"))
    for text in (WORDS, QUESTION, ANSWER, "Son auteur a écrit depuis", "Poser une question"):
        assert text in editor, text
    session.rollback()
    assert "copy_viewed" in session.scalars(select(JournalEntry.act)).all()
    # The page was open when the case was given up.
    form = form_fields(bruno.get(report_path(report)), report, "question")
    db.session.rollback()
    with pen(now()) as p:
        cases.discard(p, case, by=cast.bruno)
    answer = bruno.send(report_path(report, "question"), form | {"text": QUESTION})
    assert answer.status_code == 409
    assert "n’est plus un brouillon : les échanges sont clos" in page_text(answer)


def test_an_english_form_is_declined_in_english(session, store, signed, inbox):
    report, bruno = inbox.received(now(), language="en"), signed("bruno")
    page = bruno.get(report_path(report))
    assert "rempli en anglais" in page_text(page)
    assert "rempli en anglais" in page_text(bruno.get(LIST_PATH))
    form = form_fields(page, report, "ecarter") | {"reason": "doublon"}
    bruno.send(report_path(report, "ecarter"), form)
    assert "Thank you for writing" in load_view(session, store, report).decision.sentence


@pytest.mark.parametrize("typed", ["", " \u200b ", "é" * (MESSAGE_LIMIT + 1)], ids=["0", "1", "2"])
def test_an_invalid_question_comes_back(session, signed, inbox, typed):
    report, bruno = inbox.received(now()), signed("bruno")
    line_before = last_desk_line(session)
    response = bruno.send(report_path(report, "question"), text=typed, vu="0")
    assert response.status_code == 422
    html = response.get_data(as_text=True)
    assert '<details id="question" open>' in html
    assert 'href="#text"' in html
    assert form_fields(response, report, "question")["text"].strip() == typed.strip().strip(
        "\u200b "
    )
    assert last_desk_line(session) == line_before


def test_an_unread_message_blocks_a_decision(session, store, signed, inbox):
    report, bruno = inbox.waiting(now()), signed("bruno")
    page = bruno.get(report_path(report))
    inbox.answered(report, at=now())
    line_before = last_desk_line(session)
    for act, field, fields in (
        ("question", "text", {}),
        ("ecarter", "sentence", {"reason": "insuffisant"}),
    ):
        form = form_fields(page, report, act) | {field: "Un texte à garder."} | fields
        response = bruno.send(report_path(report, act), form)
        content = page_text(response)
        assert response.status_code == 409
        assert "Un message est arrivé pendant que vous lisiez" in content
        assert ANSWER in content
        returned_form = form_fields(response, report, act)
        assert (returned_form[field].strip(), returned_form["vu"]) == ("Un texte à garder.", "2")
        assert last_desk_line(session) == line_before
    # The returned form has the new revision.
    assert (
        bruno.send(report_path(report, "question"), returned_form | {"text": "Et où ?"}).status_code
        == 303
    )
    assert [message.text for message in load_view(session, store, report).messages][2:] == [
        "Et où ?"
    ]
    # A form without a revision is refused.
    assert bruno.send(report_path(report, "question"), text="Et quand ?").status_code == 409


# --- declining ------------------------------------------------------------------------------------


def test_a_report_is_declined_with_a_written_sentence(session, store, signed, inbox, cast):
    report, bruno = inbox.received(now()), signed("bruno")
    form = form_fields(bruno.get(report_path(report)), report, "ecarter")
    response = bruno.send(
        report_path(report, "ecarter"), form | {"reason": "doublon", "sentence": SENTENCE}
    )
    assert (response.status_code, response.location) == (303, report_path(report))
    view = load_view(session, store, report)
    assert (view.summary.state, view.summary.reason) == (ReportState.DECLINED, "doublon")
    assert (view.decision.sentence, view.decision.by) == (SENTENCE, cast.bruno)
    content = page_text(bruno.get(report_path(report)))
    assert "Motif Déjà dans le registre Décidé par bruno" in content
    assert f"Ce que son auteur lit {SENTENCE}" in content
    assert "Détruit le" in content


def test_an_empty_sentence_defaults_to_that_of_the_reason(session, store, signed, inbox):
    first, second, bruno = inbox.received(now()), inbox.received(now()), signed("bruno")
    assert bruno.send(report_path(first, "ecarter"), reason="doublon", vu="0").status_code == 303
    sentence = load_view(session, store, first).decision.sentence
    assert sentence.startswith("Merci de nous avoir écrit. Ces faits figurent déjà")
    proposed = bruno.send(
        report_path(second, "ecarter"), reason="doublon", vu="0", etape="proposer"
    )
    assert proposed.status_code == 200
    proposed_form = form_fields(proposed, second, "ecarter")
    assert (proposed_form["reason"], proposed_form["sentence"].strip()) == ("doublon", sentence)
    assert load_row(session, second).state == "received"
    changed_form = proposed_form | {"sentence": proposed_form["sentence"] + " Merci encore."}
    assert bruno.send(report_path(second, "ecarter"), changed_form).status_code == 303
    assert load_view(session, store, second).decision.sentence == f"{sentence} Merci encore."


@pytest.mark.parametrize("reason", ["", "rien", "donnee_personnelle"])
@pytest.mark.parametrize("step", ["", "proposer"])
def test_without_a_reason_nothing_is_declined(session, signed, inbox, reason, step):
    report = inbox.received(now())
    line_before = last_desk_line(session)
    form = {"reason": reason, "sentence": "Une phrase à garder.", "vu": "0", "etape": step}
    response = signed("bruno").send(report_path(report, "ecarter"), form)
    assert response.status_code == 422
    assert '<details id="ecarter" open>' in response.get_data(as_text=True)
    assert 'href="#reason"' in response.get_data(as_text=True)
    assert form_fields(response, report, "ecarter")["sentence"].strip() == "Une phrase à garder."
    assert last_desk_line(session) == line_before


def test_a_report_withdrawn_meanwhile_is_not_declined(session, engine, store, signed, inbox):
    report, bruno = inbox.held(now()), signed("bruno")
    form = form_fields(bruno.get(report_path(report)), report, "ecarter")
    with writing(engine, now()) as p:
        acts.withdraw(p, store, report.key, nonce())
    line_before = last_desk_line(session)
    response = bruno.send(
        report_path(report, "ecarter"), form | {"reason": "doublon", "sentence": "Ah."}
    )
    assert response.status_code == 409
    assert "Ce signalement est à présent « retiré par son auteur »" in page_text(response)
    assert form_fields(response, report, "ecarter")["sentence"].strip() == "Ah."
    assert load_row(session, report).state == "withdrawn"
    assert last_desk_line(session) == line_before


def test_a_report_held_by_another_member_is_not_decided(session, signed, inbox):
    report, chloe = inbox.held(now()), signed("chloe")
    line_before = last_desk_line(session)
    for act, form in (
        ("question", {"text": "À garder"}),
        ("ecarter", {"reason": "doublon", "sentence": "À garder"}),
        ("indesirable", {}),
    ):
        response = chloe.send(report_path(report, act), form | {"vu": "0"})
        assert response.status_code == 409
        assert "Bruno a ce signalement en main jusqu’à" in page_text(response)
        assert not form or "À garder" in response.get_data(as_text=True)
    assert last_desk_line(session) == line_before


# --- spam and reopening ----------------------------------------------------------------


def test_a_report_is_marked_as_spam_and_reopened(session, store, signed, inbox):
    report, bruno = inbox.received(now(), suspect=True), signed("bruno")
    assert bruno.send(report_path(report, "indesirable")).status_code == 303
    assert load_row(session, report).state == "spam"
    assert load_row(session, report).purge_on is not None
    content = page_text(bruno.get(report_path(report)))
    assert "Le signalement est rangé parmi les indésirables." in content
    assert "Échéance Détruit le" in content
    assert bruno.send(report_path(report, "indesirable")).status_code == 409
    assert bruno.send(report_path(report, "reprendre")).status_code == 303
    row = load_row(session, report)
    assert (row.state, row.purge_on, row.suspect) == ("received", None, False)
    assert bruno.send(report_path(report, "reprendre")).status_code == 409
    declined = inbox.declined(now())
    db.session.rollback()
    assert bruno.send(report_path(declined, "reprendre")).status_code == 303
    assert load_view(session, store, declined).decision.sentence == ""


def test_news_are_marked_as_read_from_the_page(session, signed, inbox):
    declined, bruno = inbox.declined(now()), signed("bruno")
    inbox.answered(declined, at=now())
    page = bruno.get(report_path(declined))
    assert "lu" in offered_acts(page, declined)
    form = form_fields(page, declined, "lu")
    inbox.answered(declined, "Encore ceci.", at=now())
    meanwhile = bruno.send(report_path(declined, "lu"), form)
    assert meanwhile.status_code == 409
    assert "Encore ceci." in page_text(meanwhile)
    assert load_row(session, declined).news
    response = bruno.send(report_path(declined, "lu"), form_fields(meanwhile, declined, "lu"))
    assert response.status_code == 303
    assert (load_row(session, declined).news, load_row(session, declined).state) == (
        False,
        "declined",
    )
    assert "lu" not in offered_acts(bruno.get(report_path(declined)), declined)
    assert bruno.send(report_path(declined, "lu"), vu="2").status_code == 409
    # A withdrawal stays in the list until it is marked as read.
    withdrawn = inbox.withdrawn(now())
    db.session.rollback()
    assert bruno.send(report_path(withdrawn, "lu"), vu="0").status_code == 303
    assert withdrawn.key not in bruno.get(LIST_PATH).get_data(as_text=True)


def test_an_accepted_report_is_reopened_once_its_case_is_given_up(
    session, engine, store, signed, inbox, cast
):
    report, bruno = inbox.accepted(now()), signed("bruno")
    case = load_view(session, store, report).case
    page = bruno.get(report_path(report))
    assert f'href="/moderation/dossiers/{case.id}"' in page.get_data(as_text=True)
    refused = bruno.send(report_path(report, "reprendre"))
    assert refused.status_code == 409
    assert "Le dossier né de ce signalement existe encore" in page_text(refused)
    db.session.rollback()
    session.rollback()
    with writing(engine, now()) as p:
        cases.discard(p, case.id, by=cast.bruno)
    assert "reprendre" in offered_acts(bruno.get(report_path(report)), report)
    assert bruno.send(report_path(report, "reprendre")).status_code == 303
    assert load_row(session, report).state == "received"


# --- refusals ------------------------------------------------------------------------------


def test_without_a_token_or_as_a_stranger_nothing_changes(app, session, signed, inbox):
    report = inbox.received(now())
    line_before = last_desk_line(session)
    for act in ("prendre", "question", "ecarter", "indesirable", "reprendre"):
        form = {"text": "x", "reason": "doublon", "sentence": "x", "vu": "0"}
        assert signed("bruno").client.post(report_path(report, act), data=form).status_code == 403
        assert app.test_client().post(report_path(report, act), data=form).status_code in (303, 403)
        assert signed("driss").send(report_path(report, act), form).status_code in (303, 403)
        assert signed("bruno").get(report_path(report, act)).status_code == 405
    assert last_desk_line(session) == line_before
    assert load_row(session, report).state == "received"


def test_every_act_of_reporters_has_a_sentence():
    assert set(messages.desk.reporter_act_sentences) == REPORTER_ACTS
