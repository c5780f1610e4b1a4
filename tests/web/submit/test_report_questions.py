"""Questions by type on the report form: asked, reviewed, received, and shown at the desk."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from databases import plain_app
from flask import Flask
from form_client import FilledForm, FormClient, MemberClient
from report_factory import Inbox, receipt_code
from sqlalchemy.orm import Session

from register.accounts.models import Member
from register.cases.member_view import load_desk_case
from register.config import Settings
from register.db import now
from register.reports import queries, questions, receipt_codes, report_content
from register.reports.questions import QUESTIONS, AnswerKind, Question
from register.reports.report_content import ReportContent
from register.text.dates import paris_day
from register.web.l10n import day_words

pytestmark = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)

FORM_PATH = "/signaler"
ACCOUNT = "Le maire m’attaque en diffamation."


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application without a context, so that each request has its own session."""
    with plain_app(settings) as app:
        yield app


@pytest.fixture
def amina(app: Flask) -> FormClient:
    visitor = FormClient(app)
    visitor.get(FORM_PATH)
    return visitor


def html(visitor: FormClient) -> str:
    assert visitor.answer
    return visitor.answer.get_data(as_text=True)


def words(visitor: FormClient) -> str:
    """The visible text of the page with plain spaces."""
    visible = re.sub(r"<[^>]+>", " ", html(visitor))
    return " ".join(visible.replace("\u202f", " ").replace("\u00a0", " ").split())


def review(visitor: FormClient, *types: str, **typed: str) -> int:
    """The status of the review, with these types ticked."""
    form = visitor.form(FORM_PATH)
    fields: dict[str, object] = {name: value for name, value in form.fields if name != "types"}
    fields |= {"recit": ACCOUNT, "types": list(types), **typed, "etape": "verifier"}
    return visitor.post(FORM_PATH, fields).status_code


def send(visitor: FormClient, **typed: str) -> str:
    """The code, after sending the page in front of the visitor."""
    form = visitor.form(FORM_PATH)
    fields: dict[str, object] = {name: value for name, value in form.fields if name != "types"}
    fields["types"] = [value for name, value in form.fields if name == "types"]
    answer = visitor.post(FORM_PATH, {**fields, **typed, "etape": "envoyer"})
    code = receipt_code(answer.status_code, html(visitor))
    assert code, words(visitor)
    return receipt_codes.normalize_code(code)


def stored(session: Session, store, code: str) -> ReportContent:
    session.rollback()
    key = queries.key_by_code(session, store, code)
    received = queries.get_report(session, store, key).received
    assert received
    return received.sent


# --- the form -----------------------------------------------------------------------------------


def test_the_first_page_asks_no_question(amina: FormClient) -> None:
    assert 'name="q_' not in html(amina)
    # The notices are there, hidden: the script shows them at once.
    assert html(amina).count("data-types=") == len(questions.NOTICES)
    assert len(re.findall(r'<p class="note" data-types="[^"]+" hidden>', html(amina))) == len(
        questions.NOTICES
    )


def test_no_question_is_required(amina: FormClient, session, store) -> None:
    every_type = sorted(code for question in QUESTIONS.values() for code in question.types)
    assert review(amina, *every_type) == 200
    assert 'name="q_' in html(amina)
    sent = stored(session, store, send(amina))
    assert (sent.answers, sent.version) == ((), 1)


def test_the_review_asks_about_the_ticked_types_only(amina: FormClient) -> None:
    review(amina, "plainte_diffamation")
    asked = set(re.findall(r'name="q_([a-z_]+)"', html(amina)))
    assert asked == {one.key for one in questions.questions_for({"plainte_diffamation"})}
    text = words(amina)
    # The ten days and where to get help stand first.
    assert text.index("Vous avez dix jours") < text.index("Quelques questions")
    assert "un point-justice, votre mairie ou le tribunal" in text
    assert 'href="/vos-droits#poursuite"' in html(amina)
    assert re.search(r'<details class="further" id="questions" open>', html(amina))
    review(amina, "autre")
    assert 'name="q_' not in html(amina)
    assert "Quelques questions" not in words(amina)


def first_answer(question: Question) -> str:
    """A first code, a day, or words."""
    typed = "2 mars 2026" if question.kind is AnswerKind.DATE else "Un mot, « le » mien"
    return next(iter(question.choices("fr")), typed)


_ONE_OF_EACH = {question.kind: question for question in questions.current_questions()}


@pytest.mark.parametrize("question", _ONE_OF_EACH.values(), ids=_ONE_OF_EACH)
def test_each_kind_of_question_is_asked_answered_and_received(
    amina: FormClient, session, store, question
) -> None:
    value, type_code = first_answer(question), sorted(question.types)[0]
    assert review(amina, type_code) == 200
    assert review(amina, type_code, **{f"q_{question.key}": value}) == 200
    shown = words(amina)
    assert question.labels["fr"].replace("\u202f", " ") in shown
    assert question.value_words(value, "fr").replace("\u202f", " ").replace("\u00a0", " ") in shown
    # Shown in words, the questions are folded away.
    assert re.search(r'<details class="further" id="questions">', html(amina))
    sent = stored(session, store, send(amina))
    expected = {question.key: value}
    if question.kind is AnswerKind.DATE:
        expected[report_content.date_key(question.key)] = "2026-03-02"
    assert dict(sent.answers) == expected


def test_every_question_at_once_is_received(amina: FormClient, session, store) -> None:
    given = {key: first_answer(question) for key, question in QUESTIONS.items()}
    every_type = sorted(code for question in QUESTIONS.values() for code in question.types)
    review(amina, *every_type, **{f"q_{key}": value for key, value in given.items()})
    sent = stored(session, store, send(amina))
    assert {key: sent.answer(key) for key in QUESTIONS} == given
    assert len(sent.answers) == len(QUESTIONS) + sum(
        question.kind is AnswerKind.DATE for question in QUESTIONS.values()
    )


def test_answers_can_be_sent_from_the_page_that_asks_them(
    amina: FormClient, session, store
) -> None:
    review(amina, "interdiction_filmer", "refus_document")
    code = send(amina, q_seance_vote="non", q_document_demande_le="hier", q_seance_motif="La peur")
    yesterday = (paris_day(now()) - timedelta(days=1)).isoformat()
    assert dict(stored(session, store, code).answers) == {
        "document_demande_le": "hier",
        "document_demande_le_date": yesterday,
        "seance_motif": "La peur",
        "seance_vote": "non",
    }
    receipt = words(amina)
    assert "Vos réponses" in receipt
    assert "Y a-t-il eu un vote ? Non" in receipt
    assert "Quelle raison a été donnée ? La peur" in receipt


def test_answers_come_back_with_the_form_and_those_of_unticked_types_do_not_count(
    amina: FormClient, session, store
) -> None:
    review(amina, "interdiction_filmer", "autre")
    review(amina, "interdiction_filmer", "autre", q_seance_motif="La peur", q_seance_vote="oui")
    form = amina.form(FORM_PATH)
    fields = {name: value for name, value in form.fields if name != "types"}
    fields["types"] = ["interdiction_filmer", "autre"]
    amina.post(FORM_PATH, {**fields, "etape": "modifier"})
    # Without JavaScript too: the form shows the questions of what is ticked.
    assert dict(amina.form(FORM_PATH).fields)["q_seance_motif"] == "La peur"
    review(amina, "autre")
    assert "La peur" not in words(amina)
    assert stored(session, store, send(amina)).answers == ()


def test_an_answer_that_is_too_long_or_unknown_is_refused_at_its_field(amina: FormClient) -> None:
    review(amina, "interdiction_filmer")
    long = "x" * (report_content.LINE_LIMIT + 1)
    status = review(amina, "interdiction_filmer", q_seance_motif=long, q_seance_vote="peut-être")
    assert status == 422
    assert 'href="#q_seance_motif"' in html(amina)
    assert 'href="#q_seance_vote"' in html(amina)
    assert long in html(amina)
    # Of a type that is no longer ticked, it stops nothing.
    assert review(amina, "autre", q_seance_motif=long, q_seance_vote="peut-être") == 200


def test_the_day_of_a_summons_gives_the_last_of_the_ten_days(amina: FormClient) -> None:
    today = paris_day(now())
    summoned = today - timedelta(days=3)
    review(amina, "plainte_diffamation", q_citation_le=summoned.strftime("%d/%m/%Y"))
    until = day_words(summoned + timedelta(days=10))
    assert f"au plus tard le {until} (loi du 29 juillet 1881, art. 55)" in words(amina)
    assert "voyez un avocat aujourd’hui" in words(amina)
    summoned = today - timedelta(days=11)
    review(amina, "plainte_diffamation", q_citation_le=summoned.strftime("%d/%m/%Y"))
    until = day_words(summoned + timedelta(days=10))
    assert f"semblent passés depuis le {until}" in words(amina)
    review(amina, "plainte_diffamation", q_citation_le="au printemps")
    assert "au plus tard le" not in words(amina)


def test_danger_shows_the_numbers_at_once(amina: FormClient) -> None:
    review(amina, "menace_violence")
    text = words(amina)
    assert text.index("En danger maintenant ? Appelez le 17 ou le 112") < text.index("Vous joindre")


def test_a_changed_answer_of_a_sent_form_is_offered_as_an_addition(amina: FormClient) -> None:
    review(amina, "interdiction_filmer")
    review_page = amina.form(FORM_PATH)
    fields = dict(review_page.fields)
    send(amina, q_seance_vote="non")
    amina.post(FORM_PATH, {**fields, "q_seance_vote": "oui", "etape": "envoyer"})
    assert amina.answer.status_code == 409
    amina.send("/signaler/ajouter")
    assert amina.answer.status_code == 200, words(amina)
    code = receipt_codes.format_code(receipt_codes.normalize_code(receipt_code(200, html(amina))))
    amina.post("/suivi", {"code": code})
    assert "Y a-t-il eu un vote ? : Oui" in words(amina)
    # What was sent first is read again on the same page.
    assert "Y a-t-il eu un vote ? Non" in words(amina)


def test_the_script_gets_all_questions_compressed_in_each_language(app: Flask) -> None:
    client = app.test_client()
    plain = client.get("/signaler/questions")
    packed = client.get("/signaler/questions", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert "no-store" in plain.headers["Cache-Control"]
    keys = re.findall(r'id="question-([a-z_]+)"', plain.get_data(as_text=True))
    assert sorted(keys) == sorted(one.key for one in questions.current_questions())
    english = client.get("/en/signaler/questions").get_data(as_text=True)
    packed = client.get("/en/signaler/questions", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.data).decode() == english
    assert "Was the meeting public?" in english
    assert "La séance" not in english
    assert "La séance était-elle publique" in plain.get_data(as_text=True)


def test_a_receipt_with_answers_is_verified(app: Flask, amina: FormClient) -> None:
    review(amina, "interdiction_filmer")
    code = send(amina, q_seance_vote="non", q_seance_motif="La peur")
    amina.post("/suivi/recu.json", {"code": code})
    document = amina.answer.get_data()
    receipt = json.loads(document)
    assert receipt["v"] == 2
    assert json.loads(receipt["contenu"])["envoi"]["reponses"] == {
        "seance_motif": "La peur",
        "seance_vote": "non",
    }
    recognised = "Un signalement au contenu identique a été reçu"
    for text, is_recognised in (
        (document.decode(), True),
        (document.decode().replace("La peur", "La joie"), False),
    ):
        amina.post("/suivi/verifier", {"recu": text})
        assert (recognised in words(amina)) == is_recognised


# --- the desk -----------------------------------------------------------------------------------


@pytest.fixture
def bruno(signed: Callable[[str], MemberClient]) -> MemberClient:
    return signed("bruno")


def desk_text(page: str) -> str:
    visible = re.sub(r"<[^>]+>", " ", page).replace("\u202f", " ").replace("\u00a0", " ")
    return " ".join(visible.split())


def answers(**given: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(given.items()))


SUMMONED = answers(
    citation_le="le 20 février",
    citation_le_date="2026-02-20",
    proces_tribunal="tribunal judiciaire de Bobigny",
    proces_passage="ma chronique du lavoir",
    certificat="oui",
)


def test_the_page_of_a_report_shows_the_answers_beside_the_account(bruno, inbox: Inbox) -> None:
    report = inbox.received(types=("plainte_diffamation",), answers=SUMMONED)
    text = desk_text(bruno.get(f"/moderation/signalements/{report.key}").text)
    assert "Devant quel tribunal ? tribunal judiciaire de Bobigny" in text
    assert "le 20 février 20 février 2026" in text
    assert "Un médecin a-t-il fait un certificat ? (jamais public) Oui" in text
    assert "l’offre de preuve se signifie au plus tard le 2 mars 2026" in text


def test_a_draft_takes_the_ticked_answers(bruno, inbox: Inbox, session, cast) -> None:
    report = inbox.received(types=("plainte_diffamation",), answers=SUMMONED)
    path = f"/moderation/signalements/{report.key}/retenir"
    page = bruno.get(path).text
    form, text = FilledForm(page), desk_text(page)
    assert not {"citation_le", "proces_tribunal"} & set(form.fields["reprendre"])
    assert "Ne devient jamais public : pour l’équipe seule." in text
    offered = set(re.findall(r'name="reprendre" value="([a-z_]+)"', page))
    assert {"citation_le", "proces_tribunal"} <= offered
    assert not {"certificat", "proces_passage"} & offered
    # What cannot be taken is not taken, even by a forged box.
    taken = ["citation_le", "proces_tribunal", "proces_passage", "certificat"]
    response = bruno.send(path, {**form.sent(reason="lu"), "reprendre": taken})
    assert response.status_code == 303, desk_text(response.text)
    case_id = int(response.headers["Location"].split("/")[-2])
    session.rollback()
    content = load_desk_case(session, session.get(Member, cast.bruno), case_id).content
    (proceeding,) = content.proceedings
    (step,) = proceeding.steps
    assert (step.step, step.date, step.court) == (
        "citation_directe",
        "2026-02-20",
        "tribunal judiciaire de Bobigny",
    )
    assert "lavoir" not in repr(content)
    # The editor shows the other answers beside the form.
    assert "ma chronique du lavoir" in bruno.get(response.headers["Location"]).text


def test_danger_is_seen_on_every_list_until_a_member_has_dealt_with_it(
    bruno, inbox: Inbox, pen, cast
) -> None:
    words_of_danger = "dit que quelqu’un est en danger"
    in_danger = inbox.received(answers=answers(danger_maintenant="oui"), account="Un premier.")
    inbox.received(answers=answers(danger_maintenant="non"), account="Un second.")
    dashboard = desk_text(bruno.get("/moderation").text)
    assert "Un signalement que personne n’a pris en main dit que quelqu’un" in dashboard
    assert f'href="/moderation/signalements/{in_danger.key}"' in bruno.get("/moderation").text
    assert dashboard.count(words_of_danger) == 2  # the warning and its line of the queue
    listed = desk_text(bruno.get("/moderation/signalements").text)
    assert listed.count(words_of_danger) == 1
    page = f"/moderation/signalements/{in_danger.key}"
    shown = bruno.get(page).text
    assert "marquez l’urgence" in desk_text(shown)
    assert shown.count('role="alert"') == 1
    # Screen readers speak the faults of a form that came back, and not the danger once more.
    refused = bruno.send(f"{page}/question", text="", vu="0").text
    assert "marquez l’urgence" in desk_text(refused)
    assert refused.count('role="alert"') == 1
    bruno.send(f"{page}/urgence", danger="y")
    for address in ("/moderation", "/moderation/signalements", page):
        assert words_of_danger not in desk_text(bruno.get(address).text), address


def test_lists_find_the_words_of_answers(bruno, inbox: Inbox) -> None:
    report = inbox.received(answers=answers(proces_passage="ma chronique du lavoir"))
    inbox.received()
    page = bruno.get("/moderation/signalements?q=lavoir").text
    keys = set(re.findall(r'<h2><a href="/moderation/signalements/([0-9a-f]{32})"', page))
    assert keys == {report.key}
