"""Follow-up of a report by its code (``/suivi``)."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing

import pytest
from case_contents import a_case
from cast import AT
from databases import application
from form_client import FormClient
from report_factory import ANSWER, CONTACT, QUESTION, SENTENCE, WORDS, receipt_code, receive_report
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from register.cases import acts as cases
from register.cases.checklist import ATTESTATIONS
from register.db import db, now
from register.errors import NotFound, Refused
from register.journal import writing
from register.operations import setup
from register.reports import acts, queries, receipt_codes, report_content, verify
from register.reports.acts.reporter import ReceivedReport
from register.reports.models import Message, Report, ReportState
from register.reports.web import public_forms

pytestmark = pytest.mark.one_database

# A well-formed code of no report.
UNKNOWN = "0123-4567-89AB-CDEF"
LONG_MESSAGE = "é" * (report_content.MESSAGE_LIMIT + 1)


@pytest.fixture
def amina(app) -> FormClient:
    return FormClient(app)


def open_report(amina: FormClient, code: str) -> FormClient:
    amina.post("/suivi", {"code": code})
    assert amina.answer.status_code == 200, amina.text
    return amina


def load_report(app, store, report):
    with Session(db.engine) as session:
        return queries.get_report(session, store, report.key)


def form_fields(amina: FormClient, action: str) -> dict[str, str]:
    return dict(amina.form(action).fields)


# --- the code -----------------------------------------------------------------------------------


def test_a_copied_code_opens_the_report(app, inbox, amina):
    code = inbox.received().code
    formatted = receipt_codes.format_code(code)
    for typed in (
        code,
        formatted,
        formatted.lower(),
        formatted.replace("-", " "),
        f"  {formatted.replace('-', chr(0xA0))}\t",
        code.replace("0", "O").replace("1", "l"),
    ):
        open_report(amina, typed)
        assert "Votre signalement est arrivé" in amina.text


MALFORMED_CODES = {
    "empty": "",
    "dash": "-",
    "short": "K7QF",
    "letters that no code has": "é" * 16,
    "endless": "x" * 5_000,
    "nul": "\x00",
    "one letter less": "0123 4567 89AB CDE",
    "html": "<b>",
    "sql": "' OR 1=1 --",
    "smile": "🙂",
}


def test_a_malformed_and_an_unknown_code_get_the_same_answer(app, inbox, amina):
    """Same status, headers, queries and HTML, but for the typed code and the sentence on it."""
    inbox.received()
    statements: list[str] = []

    def note_statement(_connection, _cursor, statement, *_more) -> None:
        statements.append(statement)

    def send_code(code):
        statements.clear()
        response = amina.post("/suivi", {"code": code})
        html = re.sub(r'(name="code" value=")[^"]*', r"\1", response.get_data(as_text=True))
        html, count = re.subn(
            "Ce code n’ouvre rien[^<]*|Écrivez le code[^<]*|Un code a[^<]*", "", html
        )
        assert count == 2, code
        headers = [pair for pair in response.headers if pair[0] not in ("Date", "Content-Length")]
        return response.status_code, headers, html, list(statements)

    amina.post("/suivi", {"code": UNKNOWN})
    event.listen(db.engine, "before_cursor_execute", note_statement)
    expected = send_code(UNKNOWN)
    assert expected[0] == 422
    for name, typed in MALFORMED_CODES.items():
        assert send_code(typed) == expected, name


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Écrivez le code de votre reçu"),
        (" - ", "Écrivez le code de votre reçu"),
        ("K7QF 2M9X", "dans celui-ci, le registre en lit 8."),
        (UNKNOWN + "A", "dans celui-ci, le registre en lit 17."),
        (UNKNOWN[:-1] + "U", "dans celui-ci, le registre en lit 15."),
        (UNKNOWN, "Ce code n’ouvre rien."),
    ],
)
def test_an_empty_a_short_and_a_wrong_code_each_get_their_sentence(amina, typed, sentence):
    response = amina.post("/suivi", {"code": typed})
    assert response.status_code == 422
    assert sentence in " ".join(amina.text.split())


def test_a_wrong_code_stays_in_the_field(app, amina):
    amina.post("/suivi", {"code": "K7QF 2M9X"})
    assert form_fields(amina, "/suivi")["code"] == "K7QF 2M9X"
    assert 'href="#code"' in amina.answer.get_data(as_text=True)


def test_no_page_leaves_a_trace(app, inbox, amina):
    """No cookie, no caching, not for robots; and the code is in no address."""
    report = inbox.waiting()
    responses = [amina.get("/suivi"), amina.get("/suivi/verifier")]
    responses.append(amina.post("/suivi", {"code": UNKNOWN}))
    responses.append(amina.post("/suivi", {"code": report.code}))
    responses.append(amina.send("/suivi/message", message=ANSWER))
    responses.append(amina.send("/suivi/contact", contact=CONTACT))
    responses.append(amina.send("/suivi/recu.json"))
    open_report(amina, report.code)
    responses.append(amina.send("/suivi/retirer", confirme="y"))
    for response in responses:
        assert "Set-Cookie" not in response.headers
        assert response.headers["Cache-Control"] == "no-store"
        assert "Cookie" not in response.headers.get("Vary", "")
        if response.mimetype == "text/html":
            html = response.get_data(as_text=True)
            assert '<meta name="robots" content="noindex">' in html
            assert not re.search(
                rf'(href|action|src)="[^"]*{receipt_codes.format_code(report.code)[:4]}', html
            )
            assert report.key not in html
    assert "Disallow: /suivi" in amina.get("/robots.txt").get_data(as_text=True)


def test_a_form_of_another_site_is_refused(app, inbox, amina):
    report = inbox.received()
    for header in ({"Origin": "https://mairie.test"}, {"Sec-Fetch-Site": "cross-site"}):
        assert amina.post("/suivi", {"code": report.code}, headers=header).status_code == 403


def test_addresses_of_forms_redirect_to_the_code_page(app, amina):
    for address in ("message", "contact", "retirer", "detruire", "recu.json"):
        amina.get(f"/suivi/{address}")
        assert amina.follow().status_code == 200
        assert amina.form("/suivi").names == {"code"}


# --- the state -------------------------------------------------------------------------------


def test_each_state_has_its_texts(app, inbox, desk, amina):
    case = desk.published()
    texts = {
        inbox.received(suspect=True): ("Rien n’en est public", "pas promettre de délai"),
        inbox.held(now()): ("Une personne de l’équipe s’occupe",),
        inbox.waiting(): (QUESTION, "rien ne vous y oblige", "31 mai 2026", "pas un refus"),
        inbox.accepted(): (
            "Un cas est en préparation",
            "rien n’est public",
            "31 mai 2028 au plus tard",
        ),
        inbox.accepted(into=case.id): ("est public", f"Cas nº {case.number}"),
        inbox.declined(): (SENTENCE, "éléments insuffisants", "31 mai 2026"),
        inbox.spam(): ("indésirable", "9 mars 2026"),
        inbox.withdrawn(): ("Vous avez retiré ce signalement", "31 mai 2026"),
        # The claim has run out.
        inbox.held(): ("personne ne l’a en main pour l’instant",),
    }
    for report, expected in texts.items():
        open_report(amina, report.code)
        page_text = amina.text.replace("\u202f", " ").replace("\u00a0", " ")
        for sentence in expected:
            assert sentence in page_text, (sentence, page_text)
        # The page shows the account, but neither the holder nor suspicion.
        assert WORDS in page_text
        assert "Bruno" not in page_text
        assert "suspect" not in page_text.lower()
    assert f'href="/incidents/{case.number}"' in page_html(open_report(amina, list(texts)[4].code))


def page_html(visitor: FormClient) -> str:
    return visitor.answer.get_data(as_text=True)


def test_the_state_of_its_case_is_explained(app, inbox, desk, pen, amina, cast):
    withdrawn, merged = desk.withdrawn(), desk.merged()
    draft, discarded = inbox.accepted(), inbox.accepted()
    with Session(db.engine) as session:
        discarded_case = queries.get_report(session, inbox.store, discarded.key).decision.incident
    with pen() as p:
        cases.discard(p, discarded_case, by=cast.bruno)
    expected_texts = {
        inbox.accepted(into=withdrawn.id).code: "n’est plus public",
        discarded.code: "abandonné avant d’être publié",
        draft.code: "pas encore publié",
    }
    for code, expected in expected_texts.items():
        assert expected in open_report(amina, code).text
    with pytest.raises(NotFound, match="no_such_case"):
        inbox.accepted(into=merged.id)


def test_a_purged_report_shows_state_and_reason_only(app, inbox, amina):
    report = inbox.purged(contact=CONTACT)
    open_report(amina, report.code)
    text = amina.text.replace("\u00a0", " ")
    assert "Écarté" in text
    assert "éléments insuffisants" in text
    assert "1er juin 2027" in text
    for erased_text in (WORDS, SENTENCE, CONTACT):
        assert erased_text not in text
    assert {form.action for form in amina.page.forms} == {"/suivi", "/suivi/quitter"}
    assert amina.post("/suivi/recu.json", {"code": report.code}).status_code == 422


def test_an_expired_report_is_explained(app, pen, inbox, amina):
    report = inbox.received()
    with pen(AT.replace(year=2028, month=4)) as p:
        acts.purge(p, inbox.store, undecided_after=24)
    assert "Personne n’a pu trancher" in open_report(amina, report.code).text


# --- messages -----------------------------------------------------------------------------------


def test_amina_answers_and_a_second_click_is_one_message(app, inbox, store, amina):
    report = inbox.waiting()
    open_report(amina, report.code)
    assert form_fields(amina, "/suivi/message")["nature"] == "answer"
    form = {**form_fields(amina, "/suivi/message"), "message": ANSWER}
    for _click in range(3):
        amina.post("/suivi/message", form)
        assert amina.answer.status_code == 200
        assert "Votre réponse est enregistrée." in amina.text
    view = load_report(app, store, report)
    assert [(message.kind.value, message.text) for message in view.messages] == [
        ("question", QUESTION),
        ("answer", ANSWER),
    ]
    assert view.summary.state is ReportState.IN_REVIEW
    assert view.summary.news
    assert 'role="status"' in page_html(amina)
    assert ANSWER in amina.text


def test_additions_and_corrections_keep_their_kind(app, inbox, store, amina):
    report = inbox.received()
    open_report(amina, report.code)
    # Without a question there is nothing to answer.
    assert 'value="answer"' not in page_html(amina)
    for kind in ("addition", "correction", "n’importe quoi"):
        amina.send("/suivi/message", nature=kind, message=f"Texte : {kind}")
        assert amina.answer.status_code == 200
    kinds = [message.kind.value for message in load_report(app, store, report).messages]
    assert kinds == ["addition", "correction", "addition"]


def test_another_text_from_the_same_page_loses_neither(app, inbox, store, amina):
    report = inbox.waiting()
    form = form_fields(open_report(amina, report.code), "/suivi/message")
    amina.post("/suivi/message", {**form, "message": "Le premier."})
    amina.post("/suivi/message", {**form, "message": "Le second."})
    assert amina.answer.status_code == 409
    assert "déjà servi" in amina.text
    assert form_fields(amina, "/suivi/message")["message"] == "Le second."
    amina.send("/suivi/message")
    assert amina.answer.status_code == 200
    texts = [message.text for message in load_report(app, store, report).messages]
    assert texts == [QUESTION, "Le premier.", "Le second."]


def test_an_invalid_message_comes_back(app, inbox, store, amina):
    report = inbox.waiting()
    for text in ("", " \n\u200b", LONG_MESSAGE):
        open_report(amina, report.code)
        amina.send("/suivi/message", message=text)
        assert amina.answer.status_code == 422
        assert 'href="#message"' in page_html(amina)
        assert form_fields(amina, "/suivi/message")["message"] == text.strip("\n \u200b")
    assert len(load_report(app, store, report).messages) == 1


def test_an_old_form_comes_back_filled_in(app, inbox, store, amina, monkeypatch):
    report = inbox.waiting()
    open_report(amina, report.code)
    with monkeypatch.context() as patch:
        patch.setattr(public_forms, "MAX_AGE", -1)
        amina.send("/suivi/message", message=ANSWER)
    assert amina.answer.status_code == 422
    assert "ouverte depuis trop longtemps" in amina.text
    assert form_fields(amina, "/suivi/message")["message"] == ANSWER
    assert amina.send("/suivi/message", jeton="forgé").status_code == 422
    assert amina.send("/suivi/message").status_code == 200
    assert len(load_report(app, store, report).messages) == 2
    # A token of another form is refused.
    with app.app_context():
        foreign_token = public_forms.new_token("signaler")
    assert amina.send("/suivi/message", message="x", jeton=foreign_token).status_code == 422


def test_a_message_to_a_withdrawn_report_is_shown_again(app, inbox, pen, amina):
    report = inbox.received()
    open_report(amina, report.code)
    with pen() as p:
        acts.withdraw(p, inbox.store, report.key, receipt_codes.new_key())
    amina.send("/suivi/message", message="Une chose encore.")
    assert amina.answer.status_code == 409
    assert "Retiré par vous" in amina.text
    assert "Une chose encore." in amina.text


# --- the contact --------------------------------------------------------------------------------


def test_a_contact_is_stored_changed_and_erased(app, inbox, store, amina):
    report = inbox.received()
    open_report(amina, report.code)
    assert amina.send("/suivi/contact", contact=" ").status_code == 422
    amina.send("/suivi/contact", contact=f" {CONTACT} ")
    assert "Votre contact est enregistré." in amina.text
    assert form_fields(amina, "/suivi/contact")["contact"] == CONTACT
    amina.send("/suivi/contact", contact="06 00 00 00 00")
    assert load_report(app, store, report).contact == "06 00 00 00 00"
    amina.send("/suivi/contact", acte="supprimer")
    assert "Votre contact est effacé." in amina.text
    assert load_report(app, store, report).contact == ""
    assert form_fields(amina, "/suivi/contact")["contact"] == ""
    amina.send("/suivi/contact", contact="x" * 501)
    assert amina.answer.status_code == 422
    assert form_fields(amina, "/suivi/contact")["contact"] == "x" * 501


def test_a_contact_can_be_erased_after_the_withdrawal(app, inbox, store, amina):
    report = inbox.withdrawn(contact=CONTACT)
    assert CONTACT in open_report(amina, report.code).text
    amina.send("/suivi/contact", acte="supprimer")
    assert load_report(app, store, report).contact == ""
    assert CONTACT not in amina.text
    assert "/suivi/contact" not in [form.action for form in amina.page.forms]


# --- leaving ------------------------------------------------------------------------------------


def test_leaving_and_withdrawing_empty_the_cache_of_the_browser(app, inbox, amina):
    report = inbox.received()
    open_report(amina, report.code)
    assert "Clear-Site-Data" not in amina.answer.headers
    amina.send("/suivi/retirer")
    assert amina.answer.status_code == 422
    assert "Clear-Site-Data" not in amina.answer.headers
    for leave in (
        lambda: amina.send("/suivi/retirer", confirme="y"),
        lambda: amina.send("/suivi/quitter"),
    ):
        leave()
        assert amina.answer.status_code == 200
        assert amina.answer.headers["Clear-Site-Data"] == '"cache"'
        assert amina.answer.headers["Cache-Control"] == "no-store"
    assert receipt_codes.format_code(report.code) not in page_html(amina)
    assert amina.get("/suivi/quitter").headers["Location"] == "/suivi"


def test_no_page_title_reveals_the_state(app, inbox, desk, amina):
    """A browser's history stores the titles of pages."""
    case = desk.published()
    titles = set()
    for report in (inbox.received(), inbox.waiting(), inbox.accepted(into=case.id), inbox.spam()):
        open_report(amina, report.code)
        titles |= set(re.findall("<title>(.*?)</title>", page_html(amina)))
        titles |= set(re.findall('data-named="(.*?)"', page_html(amina)))
    assert titles == {"Suivre un signalement – Web Citoyen"}


# --- withdrawal ---------------------------------------------------------------------------------


def test_a_withdrawal_needs_a_ticked_box(app, inbox, store, amina):
    report = inbox.waiting()
    open_report(amina, report.code)
    amina.send("/suivi/retirer")
    assert amina.answer.status_code == 422
    assert 'href="#confirme"' in page_html(amina)
    fields = {**form_fields(amina, "/suivi/retirer"), "confirme": "y"}
    for _click in range(2):
        amina.post("/suivi/retirer", fields)
        assert amina.answer.status_code == 200
        assert "Votre signalement est retiré." in amina.text
    assert load_report(app, store, report).summary.state is ReportState.WITHDRAWN
    assert "/suivi/retirer" not in [form.action for form in amina.page.forms]


def test_texts_are_destroyed_at_the_withdrawal_or_later_at_the_request_of_amina(
    app, inbox, store, amina
):
    at_once, later = inbox.received(), inbox.withdrawn()
    open_report(amina, at_once.code)
    amina.send("/suivi/retirer", confirme="y", detruire="y")
    assert "est détruit, et les échanges avec" in amina.text
    open_report(amina, later.code)
    amina.send("/suivi/detruire")
    assert amina.answer.status_code == 422
    assert "Rien n’a été détruit" in amina.text
    fields = {**form_fields(amina, "/suivi/detruire"), "confirme": "y"}
    for _click in range(2):
        amina.post("/suivi/detruire", fields)
        assert amina.answer.status_code == 200
        assert "est détruit, et les échanges avec" in amina.text
    for report in (at_once, later):
        view = load_report(app, store, report)
        assert (view.summary.state, view.is_purged) == (ReportState.WITHDRAWN, True)
        assert store.key(report.key) is None
    with Session(db.engine) as session:
        assert list(verify.problems(session)) == []
    assert "/suivi/detruire" not in [form.action for form in amina.page.forms]


def test_the_short_address_answers_in_the_language_of_the_form(app, inbox, store, amina):
    amina.get("/en/signaler")
    amina.send("/en/signaler", recit=WORDS, etape="verifier")
    amina.send("/en/signaler", etape="envoyer")
    english = ReceivedReport("", receipt_code(200, page_html(amina)))
    amina.post("/en/suivi/recu.json", {"code": english.code})
    # The receipt has the fields that it always had.
    assert "langue" not in amina.answer.get_data(as_text=True)
    open_report(amina, english.code)
    assert "Received, waiting" in amina.text
    assert {form.action for form in amina.page.forms} >= {"/en/suivi/message", "/en/suivi"}
    amina.post("/en/suivi", {"code": inbox.withdrawn().code})
    assert "Withdrawn by you" in amina.text


def test_a_withdrawal_from_a_public_case_is_a_request(app, inbox, desk, store, amina):
    case = desk.published()
    report = inbox.accepted(into=case.id)
    open_report(amina, report.code)
    assert "vous ne pouvez plus le retirer vous-même" in amina.text
    form = {**form_fields(amina, "/suivi/retirer"), "confirme": "y", "raison": "On me reconnaît."}
    for _click in range(2):
        amina.post("/suivi/retirer", form)
        assert amina.answer.status_code == 200
        assert "demande de retrait est enregistrée" in amina.text
    view = load_report(app, store, report)
    assert view.summary.state is ReportState.ACCEPTED
    assert [(message.kind.value, message.text) for message in view.messages] == [
        ("request", "On me reconnaît.")
    ]
    assert "Vous l’avez déjà demandé" in amina.text


def test_a_withdrawal_and_a_decision_at_once_have_one_outcome(app, inbox, store, pen, cast, amina):
    """The second is refused; a report accepted for a draft can be withdrawn."""
    declined, accepted, late = inbox.received(), inbox.received(), inbox.received()
    open_report(amina, declined.code)
    with pen() as p:
        acts.decline(p, store, declined.key, "hors_champ", by=cast.bruno, sentence=SENTENCE)
    amina.send("/suivi/retirer", confirme="y")
    assert amina.answer.status_code == 409
    assert SENTENCE in amina.text
    open_report(amina, accepted.code)
    with pen() as p:
        acts.accept(p, store, accepted.key, by=cast.bruno, reason="signalé", new=a_case())
    amina.send("/suivi/retirer", confirme="y")
    assert amina.answer.status_code == 200
    assert load_report(app, store, accepted).summary.state is ReportState.WITHDRAWN
    open_report(amina, late.code)
    amina.send("/suivi/retirer", confirme="y")
    with pytest.raises(Refused, match="report_state"), pen() as p:
        acts.accept(p, store, late.key, by=cast.bruno, reason="signalé", new=a_case())


def test_a_case_published_meanwhile_turns_a_withdrawal_into_a_request(
    app, inbox, store, pen, cast, amina
):
    report = inbox.accepted()
    open_report(amina, report.code)
    assert "Tant que le cas n’est pas publié" in amina.text
    case_id = load_report(app, store, report).decision.incident
    with pen() as p:
        cases.invite(p, case_id, "courriel au maire", by=cast.bruno, on=AT.date())
        cases.approve(p, case_id, by=cast.chloe)
        cases.publish(
            p, case_id, by=cast.bruno, reason="lu", attested=ATTESTATIONS, flag_reasons="relu"
        )
    amina.send("/suivi/retirer", confirme="y")
    assert amina.answer.status_code == 200
    assert "demande de retrait est enregistrée" in amina.text
    assert load_report(app, store, report).summary.state is ReportState.ACCEPTED


# --- the receipt --------------------------------------------------------------------------------


def test_the_receipt_contains_and_proves_the_content(app, inbox, amina):
    report = inbox.received(contact=CONTACT)
    open_report(amina, report.code)
    response = amina.send("/suivi/recu.json")
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Content-Disposition"] == 'attachment; filename="recu.json"'
    receipt = json.loads(response.get_data())
    assert receipt["jour"] == "2026-03-02"
    assert json.loads(receipt["contenu"])["envoi"]["recit"] == WORDS
    assert CONTACT not in response.get_data(as_text=True)
    with Session(db.engine) as session:
        digest = session.scalar(select(Report.digest).where(Report.key == report.key))
    assert (
        report_content.receipt_digest(response.get_data())
        == digest
        == bytes.fromhex(receipt["empreinte"])
    )


# --- a database that does not answer --------------------------------------------------------------


def test_a_locked_database_keeps_the_text_and_acknowledges_nothing(
    registers, tmp_path, monkeypatch
):
    monkeypatch.setattr("register.db.BUSY_TIMEOUT_MS", 50)
    with registers.new("sqlite", tmp_path) as settings, application(settings) as app:
        amina, store = FormClient(app), setup.key_store(settings, db.session())
        report = receive_report(lambda at: writing(db.engine, at), store)
        open_report(amina, report.code)
        form = form_fields(amina, "/suivi/message")
        file = settings.instance / "register.sqlite3"
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            for action, typed in (
                ("/suivi/message", {"message": ANSWER, "nature": "correction"}),
                ("/suivi/contact", {"contact": CONTACT}),
                ("/suivi/retirer", {"confirme": "y"}),
            ):
                # Reading still works.
                open_report(amina, report.code)
                amina.send(action, **typed)
                assert amina.answer.status_code == 503
                assert amina.answer.headers["Retry-After"] == "10"
                assert amina.answer.headers["Cache-Control"] == "no-store"
                assert "n’est pas confirmé" in amina.text
                fields = form_fields(amina, action)
                assert typed.items() <= fields.items()
            open_report(amina, report.code)
            amina.post("/suivi/message", {**form, "message": ANSWER})
        amina.send("/suivi/message")
        assert amina.answer.status_code == 200
        with Session(db.engine) as session:
            assert len(session.scalars(select(Message)).all()) == 1
        store.close()


def test_a_requested_withdrawal_is_possible_once_the_case_is_erased(app, inbox, desk, store, amina):
    """The report still exists after its case is erased on request."""
    case = desk.published()
    report = inbox.accepted(into=case.id)
    open_report(amina, report.code)
    amina.send("/suivi/retirer", confirme="y")
    assert "déjà demandé" in open_report(amina, report.code).text
    with writing(db.engine) as p:
        cases.approve(p, case.id, by=desk.cast.chloe, purpose="erase")
        cases.erase(p, case.id, by=desk.cast.ada, restriction="donnee_personnelle")
    assert "déjà demandé" not in open_report(amina, report.code).text
    amina.send("/suivi/retirer", confirme="y")
    assert load_report(app, store, report).summary.state == ReportState.WITHDRAWN


def test_a_withdrawn_report_takes_no_contact(app, inbox, store, amina):
    report = inbox.withdrawn()
    with pytest.raises(Refused) as refused, writing(db.engine) as p:
        acts.leave_contact(p, store, report.key, "ici")
    assert refused.value.key == "report_state"
    with writing(db.engine) as p:
        acts.leave_contact(p, store, report.key, "")
