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
from report_factory import ANSWER, CONTACT, QUESTION, SENTENCE, WORDS, receive_report
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from register.cases import acts as cases
from register.cases.checklist import ATTESTATIONS
from register.db import db
from register.errors import NotFound, Refused
from register.journal import writing
from register.operations import setup
from register.reports import acts, queries, receipt_codes, report_content
from register.reports.models import Message, Report, ReportState
from register.reports.web import public_forms

pytestmark = pytest.mark.one_database

# A code that has the shape of one, and opens nothing.
UNKNOWN = "0123-4567-89AB-CDEF"
LONG = "é" * (report_content.MESSAGE_LIMIT + 1)


@pytest.fixture
def amina(app) -> FormClient:
    return FormClient(app)


def opened(amina: FormClient, code: str) -> FormClient:
    amina.post("/suivi", {"code": code})
    assert amina.answer.status_code == 200, amina.text
    return amina


def file_of(app, store, filed):
    with Session(db.engine) as session:
        return queries.get_report(session, store, filed.key)


def filled(amina: FormClient, action: str) -> dict[str, str]:
    return dict(amina.form(action).fields)


# --- the code -----------------------------------------------------------------------------------


def test_a_copied_code_opens_the_report(app, inbox, amina):
    code = inbox.received().code
    spelled = receipt_codes.format_code(code)
    for typed in (
        code,
        spelled,
        spelled.lower(),
        spelled.replace("-", " "),
        f"  {spelled.replace('-', chr(0xA0))}\t",
        code.replace("0", "O").replace("1", "l"),
    ):
        opened(amina, typed)
        assert "Votre signalement est arrivé" in amina.text


NO_CODES = {
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
    """Same status, headers, bytes (but for the typed code) and queries."""
    inbox.received()
    asked: list[str] = []

    def noted(_connection, _cursor, statement, *_more) -> None:
        asked.append(statement)

    def told(code):
        asked.clear()
        answer = amina.post("/suivi", {"code": code})
        body = re.sub(r'(name="code" value=")[^"]*', r"\1", answer.get_data(as_text=True))
        kept = [pair for pair in answer.headers if pair[0] not in ("Date", "Content-Length")]
        return answer.status_code, kept, body, list(asked)

    amina.post("/suivi", {"code": UNKNOWN})
    event.listen(db.engine, "before_cursor_execute", noted)
    expected = told(UNKNOWN)
    assert expected[0] == 422
    assert "Ce code n’ouvre rien" in expected[2]
    for what, typed in NO_CODES.items():
        assert told(typed) == expected, what


def test_a_wrong_code_stays_in_the_field(app, amina):
    amina.post("/suivi", {"code": "K7QF 2M9X"})
    assert filled(amina, "/suivi")["code"] == "K7QF 2M9X"
    assert 'href="#code"' in amina.answer.get_data(as_text=True)


def test_no_page_leaves_a_trace(app, inbox, amina):
    """No cookie, nothing kept, not for robots; and the code is in no address."""
    filed = inbox.waiting()
    answers = [amina.get("/suivi"), amina.get("/suivi/verifier")]
    answers.append(amina.post("/suivi", {"code": UNKNOWN}))
    answers.append(amina.post("/suivi", {"code": filed.code}))
    answers.append(amina.send("/suivi/message", message=ANSWER))
    answers.append(amina.send("/suivi/contact", contact=CONTACT))
    answers.append(amina.send("/suivi/recu.json"))
    opened(amina, filed.code)
    answers.append(amina.send("/suivi/retirer", confirme="y"))
    for answer in answers:
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Cookie" not in answer.headers.get("Vary", "")
        if answer.mimetype == "text/html":
            body = answer.get_data(as_text=True)
            assert '<meta name="robots" content="noindex">' in body
            assert not re.search(
                rf'(href|action|src)="[^"]*{receipt_codes.format_code(filed.code)[:4]}', body
            )
            assert filed.key not in body
    assert "Disallow: /suivi" in amina.get("/robots.txt").get_data(as_text=True)


def test_a_form_of_another_site_is_refused(app, inbox, amina):
    filed = inbox.received()
    for header in ({"Origin": "https://mairie.test"}, {"Sec-Fetch-Site": "cross-site"}):
        assert amina.post("/suivi", {"code": filed.code}, headers=header).status_code == 403


def test_addresses_of_forms_redirect_to_the_code_page(app, amina):
    for address in ("message", "contact", "retirer", "recu.json"):
        amina.get(f"/suivi/{address}")
        assert amina.follow().status_code == 200
        assert amina.form("/suivi").names == {"code"}


# --- what is told -------------------------------------------------------------------------------


def test_each_state_has_its_texts(app, inbox, desk, amina):
    public = desk.published()
    told = {
        inbox.received(suspect=True): ("Rien n’en est public", "pas promettre de délai"),
        inbox.held(): ("Une personne de l’équipe s’occupe",),
        inbox.waiting(): (QUESTION, "rien ne vous y oblige", "31 mai 2026", "pas un refus"),
        inbox.accepted(): ("Un cas est en préparation", "rien n’est public", "31 mai 2026"),
        inbox.accepted(into=public.id): ("est public", f"Cas nº {public.number}"),
        inbox.declined(): (SENTENCE, "éléments insuffisants", "31 mai 2026"),
        inbox.spam(): ("indésirable", "9 mars 2026"),
        inbox.withdrawn(): ("Vous avez retiré ce signalement", "31 mai 2026"),
    }
    for filed, parts in told.items():
        opened(amina, filed.code)
        text = amina.text.replace("\u202f", " ").replace("\u00a0", " ")
        for part in parts:
            assert part in text, (part, text)
        # What was sent is there to be read again; who has it in hand, and what is suspect, is not.
        assert WORDS in text
        assert "Bruno" not in text
        assert "suspect" not in text.lower()
    assert f'href="/incidents/{public.number}"' in _body(opened(amina, list(told)[4].code))


def _body(visitor: FormClient) -> str:
    return visitor.answer.get_data(as_text=True)


def test_the_state_of_its_case_is_explained(app, inbox, desk, pen, amina, cast):
    withdrawn, merged = desk.withdrawn(), desk.merged()
    draft, given_up = inbox.accepted(), inbox.accepted()
    with Session(db.engine) as session:
        gone = queries.get_report(session, inbox.store, given_up.key).decision.incident
    with pen() as p:
        cases.discard(p, gone, by=cast.bruno)
    texts = {
        inbox.accepted(into=withdrawn.id).code: "n’est plus public",
        given_up.code: "abandonné avant d’être publié",
        draft.code: "pas encore publié",
    }
    for code, expected in texts.items():
        assert expected in opened(amina, code).text
    with pytest.raises(NotFound, match="no_such_case"):
        inbox.accepted(into=merged.id)


def test_a_purged_report_shows_state_and_reason_only(app, inbox, amina):
    filed = inbox.purged(contact=CONTACT)
    opened(amina, filed.code)
    text = amina.text.replace("\u00a0", " ")
    assert "Écarté" in text
    assert "éléments insuffisants" in text
    assert "1er juin 2027" in text
    for gone in (WORDS, SENTENCE, CONTACT):
        assert gone not in text
    assert {form.action for form in amina.page.forms} == {"/suivi", "/suivi/quitter"}
    assert amina.post("/suivi/recu.json", {"code": filed.code}).status_code == 422


def test_an_expired_report_is_explained(app, pen, inbox, amina):
    filed = inbox.received()
    with pen(AT.replace(year=2028, month=4)) as p:
        acts.purge(p, inbox.store, undecided_after=24)
    assert "Personne n’a pu trancher" in opened(amina, filed.code).text


# --- messages -----------------------------------------------------------------------------------


def test_amina_answers_and_a_second_click_is_one_message(app, inbox, store, amina):
    filed = inbox.waiting()
    opened(amina, filed.code)
    assert filled(amina, "/suivi/message")["nature"] == "answer"
    sent = {**filled(amina, "/suivi/message"), "message": ANSWER}
    for _click in range(3):
        amina.post("/suivi/message", sent)
        assert amina.answer.status_code == 200
        assert "Votre réponse est enregistrée." in amina.text
    file = file_of(app, store, filed)
    assert [(said.kind.value, said.text) for said in file.messages] == [
        ("question", QUESTION),
        ("answer", ANSWER),
    ]
    assert file.summary.state is ReportState.IN_REVIEW
    assert file.summary.news
    assert 'role="status"' in _body(amina)
    assert ANSWER in amina.text


def test_additions_and_corrections_keep_their_kind(app, inbox, store, amina):
    filed = inbox.received()
    opened(amina, filed.code)
    # Nothing was asked: there is nothing to answer.
    assert 'value="answer"' not in _body(amina)
    for kind in ("addition", "correction", "n’importe quoi"):
        amina.send("/suivi/message", nature=kind, message=f"Texte : {kind}")
        assert amina.answer.status_code == 200
    kinds = [said.kind.value for said in file_of(app, store, filed).messages]
    assert kinds == ["addition", "correction", "addition"]


def test_another_text_from_the_same_page_loses_neither(app, inbox, store, amina):
    filed = inbox.waiting()
    first = filled(opened(amina, filed.code), "/suivi/message")
    amina.post("/suivi/message", {**first, "message": "Le premier."})
    amina.post("/suivi/message", {**first, "message": "Le second."})
    assert amina.answer.status_code == 409
    assert "déjà servi" in amina.text
    assert filled(amina, "/suivi/message")["message"] == "Le second."
    amina.send("/suivi/message")
    assert amina.answer.status_code == 200
    said = [message.text for message in file_of(app, store, filed).messages]
    assert said == [QUESTION, "Le premier.", "Le second."]


def test_an_invalid_message_comes_back(app, inbox, store, amina):
    filed = inbox.waiting()
    for text in ("", " \n\u200b", LONG):
        opened(amina, filed.code)
        amina.send("/suivi/message", message=text)
        assert amina.answer.status_code == 422
        assert 'href="#message"' in _body(amina)
        assert filled(amina, "/suivi/message")["message"] == text.strip("\n \u200b")
    assert len(file_of(app, store, filed).messages) == 1


def test_an_old_form_comes_back_filled_in(app, inbox, store, amina, monkeypatch):
    filed = inbox.waiting()
    opened(amina, filed.code)
    with monkeypatch.context() as patch:
        patch.setattr(public_forms, "MAX_AGE", -1)
        amina.send("/suivi/message", message=ANSWER)
    assert amina.answer.status_code == 422
    assert "ouverte depuis trop longtemps" in amina.text
    assert filled(amina, "/suivi/message")["message"] == ANSWER
    assert amina.send("/suivi/message", jeton="forgé").status_code == 422
    assert amina.send("/suivi/message").status_code == 200
    assert len(file_of(app, store, filed).messages) == 2
    # A token of another form is none here.
    with app.app_context():
        foreign = public_forms.new_token("signaler")
    assert amina.send("/suivi/message", message="x", jeton=foreign).status_code == 422


def test_a_message_to_a_withdrawn_report_is_shown_again(app, inbox, pen, amina):
    filed = inbox.received()
    opened(amina, filed.code)
    with pen() as p:
        acts.withdraw(p, inbox.store, filed.key, receipt_codes.new_nonce())
    amina.send("/suivi/message", message="Une chose encore.")
    assert amina.answer.status_code == 409
    assert "Retiré par vous" in amina.text
    assert "Une chose encore." in amina.text


# --- the contact --------------------------------------------------------------------------------


def test_a_contact_is_stored_changed_and_erased(app, inbox, store, amina):
    filed = inbox.received()
    opened(amina, filed.code)
    assert amina.send("/suivi/contact", contact=" ").status_code == 422
    amina.send("/suivi/contact", contact=f" {CONTACT} ")
    assert "Votre contact est enregistré." in amina.text
    assert filled(amina, "/suivi/contact")["contact"] == CONTACT
    amina.send("/suivi/contact", contact="06 00 00 00 00")
    assert file_of(app, store, filed).contact == "06 00 00 00 00"
    amina.send("/suivi/contact", acte="supprimer")
    assert "Votre contact est effacé." in amina.text
    assert file_of(app, store, filed).contact == ""
    assert filled(amina, "/suivi/contact")["contact"] == ""
    amina.send("/suivi/contact", contact="x" * 501)
    assert amina.answer.status_code == 422
    assert filled(amina, "/suivi/contact")["contact"] == "x" * 501


def test_a_contact_can_be_erased_after_the_withdrawal(app, inbox, store, amina):
    filed = inbox.withdrawn(contact=CONTACT)
    assert CONTACT in opened(amina, filed.code).text
    amina.send("/suivi/contact", acte="supprimer")
    assert file_of(app, store, filed).contact == ""
    assert CONTACT not in amina.text
    assert "/suivi/contact" not in [form.action for form in amina.page.forms]


# --- leaving ------------------------------------------------------------------------------------


def test_leaving_and_withdrawing_empty_the_cache_of_the_browser(app, inbox, amina):
    filed = inbox.received()
    opened(amina, filed.code)
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
    assert receipt_codes.format_code(filed.code) not in _body(amina)
    assert amina.get("/suivi/quitter").headers["Location"] == "/suivi"


def test_no_page_title_reveals_the_state(app, inbox, desk, amina):
    """A browser's history stores the titles of pages."""
    public = desk.published()
    titles = set()
    for filed in (inbox.received(), inbox.waiting(), inbox.accepted(into=public.id), inbox.spam()):
        opened(amina, filed.code)
        titles |= set(re.findall("<title>(.*?)</title>", _body(amina)))
        titles |= set(re.findall('data-named="(.*?)"', _body(amina)))
    assert titles == {"Suivre un signalement – Web Citoyen"}


# --- withdrawal ---------------------------------------------------------------------------------


def test_a_withdrawal_needs_a_ticked_box(app, inbox, store, amina):
    filed = inbox.waiting()
    opened(amina, filed.code)
    amina.send("/suivi/retirer")
    assert amina.answer.status_code == 422
    assert 'href="#confirme"' in _body(amina)
    sent = {**filled(amina, "/suivi/retirer"), "confirme": "y"}
    for _click in range(2):
        amina.post("/suivi/retirer", sent)
        assert amina.answer.status_code == 200
        assert "Votre signalement est retiré." in amina.text
    assert file_of(app, store, filed).summary.state is ReportState.WITHDRAWN
    assert "/suivi/retirer" not in [form.action for form in amina.page.forms]


def test_a_withdrawal_from_a_public_case_is_a_request(app, inbox, desk, store, amina):
    public = desk.published()
    filed = inbox.accepted(into=public.id)
    opened(amina, filed.code)
    assert "vous ne pouvez plus le retirer vous-même" in amina.text
    sent = {**filled(amina, "/suivi/retirer"), "confirme": "y", "raison": "On me reconnaît."}
    for _click in range(2):
        amina.post("/suivi/retirer", sent)
        assert amina.answer.status_code == 200
        assert "demande de retrait est enregistrée" in amina.text
    file = file_of(app, store, filed)
    assert file.summary.state is ReportState.ACCEPTED
    assert [(said.kind.value, said.text) for said in file.messages] == [
        ("request", "On me reconnaît.")
    ]
    assert "Vous l’avez déjà demandé" in amina.text


def test_a_withdrawal_and_a_decision_at_once_have_one_outcome(app, inbox, store, pen, cast, amina):
    """The second is refused; a report accepted for a draft can be withdrawn."""
    declined, accepted, late = inbox.received(), inbox.received(), inbox.received()
    opened(amina, declined.code)
    with pen() as p:
        acts.decline(p, store, declined.key, "hors_champ", by=cast.bruno, sentence=SENTENCE)
    amina.send("/suivi/retirer", confirme="y")
    assert amina.answer.status_code == 409
    assert SENTENCE in amina.text
    opened(amina, accepted.code)
    with pen() as p:
        acts.accept(p, store, accepted.key, by=cast.bruno, reason="signalé", new=a_case())
    amina.send("/suivi/retirer", confirme="y")
    assert amina.answer.status_code == 200
    assert file_of(app, store, accepted).summary.state is ReportState.WITHDRAWN
    opened(amina, late.code)
    amina.send("/suivi/retirer", confirme="y")
    with pytest.raises(Refused, match="report_state"), pen() as p:
        acts.accept(p, store, late.key, by=cast.bruno, reason="signalé", new=a_case())


def test_a_case_published_meanwhile_turns_a_withdrawal_into_a_request(
    app, inbox, store, pen, cast, amina
):
    filed = inbox.accepted()
    opened(amina, filed.code)
    assert "Tant que le cas n’est pas publié" in amina.text
    incident = file_of(app, store, filed).decision.incident
    with pen() as p:
        cases.invite(p, incident, "courriel au maire", by=cast.bruno, on=AT.date())
        cases.approve(p, incident, by=cast.chloe)
        cases.publish(
            p, incident, by=cast.bruno, reason="lu", attested=ATTESTATIONS, flags_reason="relu"
        )
    amina.send("/suivi/retirer", confirme="y")
    assert amina.answer.status_code == 200
    assert "demande de retrait est enregistrée" in amina.text
    assert file_of(app, store, filed).summary.state is ReportState.ACCEPTED


# --- the receipt --------------------------------------------------------------------------------


def test_the_receipt_contains_and_proves_the_content(app, inbox, amina):
    filed = inbox.received(contact=CONTACT)
    opened(amina, filed.code)
    answer = amina.send("/suivi/recu.json")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="recu.json"'
    told = json.loads(answer.get_data())
    assert told["jour"] == "2026-03-02"
    assert json.loads(told["contenu"])["envoi"]["recit"] == WORDS
    assert CONTACT not in answer.get_data(as_text=True)
    with Session(db.engine) as session:
        kept = session.scalar(select(Report.digest).where(Report.key == filed.key))
    assert (
        report_content.receipt_digest(answer.get_data()) == kept == bytes.fromhex(told["empreinte"])
    )


# --- a database that does not answer --------------------------------------------------------------


def test_a_locked_database_keeps_the_text_and_acknowledges_nothing(
    registers, tmp_path, monkeypatch
):
    monkeypatch.setattr("register.db.BUSY_TIMEOUT_MS", 50)
    with registers.new("sqlite", tmp_path) as settings, application(settings) as app:
        amina, store = FormClient(app), setup.key_store(settings, db.session())
        filed = receive_report(lambda at: writing(db.engine, at), store)
        opened(amina, filed.code)
        before = filled(amina, "/suivi/message")
        file = settings.instance / "register.sqlite3"
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for action, typed in (
                ("/suivi/message", {"message": ANSWER, "nature": "correction"}),
                ("/suivi/contact", {"contact": CONTACT}),
                ("/suivi/retirer", {"confirme": "y"}),
            ):
                # What reads goes on.
                opened(amina, filed.code)
                amina.send(action, **typed)
                assert amina.answer.status_code == 503
                assert amina.answer.headers["Retry-After"] == "10"
                assert amina.answer.headers["Cache-Control"] == "no-store"
                assert "n’est pas confirmé" in amina.text
                kept = filled(amina, action)
                assert typed.items() <= kept.items()
            opened(amina, filed.code)
            amina.post("/suivi/message", {**before, "message": ANSWER})
        amina.send("/suivi/message")
        assert amina.answer.status_code == 200
        with Session(db.engine) as session:
            assert len(session.scalars(select(Message)).all()) == 1
        store.close()


def test_a_requested_withdrawal_is_possible_once_the_case_is_erased(app, inbox, desk, store, amina):
    """The report still exists after its case is erased on request."""
    case = desk.published()
    filed = inbox.accepted(into=case.id)
    opened(amina, filed.code)
    amina.send("/suivi/retirer", confirme="y")
    assert "déjà demandé" in opened(amina, filed.code).text
    with writing(db.engine) as p:
        cases.approve(p, case.id, by=desk.cast.chloe, purpose="erase")
        cases.erase(p, case.id, by=desk.cast.ada, restriction="donnee_personnelle")
    assert "déjà demandé" not in opened(amina, filed.code).text
    amina.send("/suivi/retirer", confirme="y")
    assert file_of(app, store, filed).summary.state == ReportState.WITHDRAWN


def test_a_withdrawn_report_takes_no_contact(app, inbox, store, amina):
    filed = inbox.withdrawn()
    with pytest.raises(Refused) as refused, writing(db.engine) as p:
        acts.leave_contact(p, store, filed.key, "ici")
    assert refused.value.key == "report_state"
    with writing(db.engine) as p:
        acts.leave_contact(p, store, filed.key, "")
