"""Public reads of cases: the current version, pinned versions, lists and proofs."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import attested_acts as acts
import facet_data
import pytest
from case_contents import decided
from cast import AT
from sqlalchemy import select, update

from register.cases import invitations, public_journal, queries, result_lists
from register.cases.case_content import LinkContent, ProceedingContent
from register.cases.core_tables import CASE, IS_PUBLIC, is_among
from register.cases.filters import PAGE_SIZE, CaseQuery
from register.cases.models import Incident, Revision
from register.cases.vocabulary import current_vocabulary
from register.errors import Gone, Moved, NotFound
from register.journal import Act, JournalEntry, head
from register.journal.models import canonical_json, commitment
from register.territory import place_queries

LATER = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
ATTESTED = ("attribution", "no_private_person", "no_private_life")


def _listing(session, query=None):
    session.rollback()
    return facet_data.list_page(
        session, query or CaseQuery(), current_vocabulary(session), head(session)
    )


def _load(session, *arguments):
    session.rollback()
    return queries.load_public_case(session, *arguments)


def _gone(session, number, *version):
    with pytest.raises(Gone) as refused:
        _load(session, number, *version)
    return refused.value


def _events(session, number):
    session.rollback()
    lines = session.scalars(
        select(JournalEntry).where(JournalEntry.case_number == number).order_by(JournalEntry.seq)
    )
    return {line.act: line.seq for line in lines if line.ledger == "public"}


# --- one case ----------------------------------------------------------------------------------


def test_a_public_case_is_read_from_its_snapshot(session, desk):
    case = desk.published()
    public_case = _load(session, case.number)
    assert (public_case.number, public_case.is_current) == (case.number, True)
    snapshot = public_case.snapshot
    assert snapshot.content["title"] == "Interdiction de filmer le conseil municipal de Gagny"
    assert "<strong>filmer</strong>" in snapshot.html["narrative"]
    assert public_case.first_published_at == public_case.moved_at == public_case.version_at


@pytest.mark.parametrize("hidden", ["draft", "ready", "discarded"])
def test_a_draft_and_a_missing_case_look_the_same(session, desk, hidden):
    case = getattr(desk, hidden)()
    refusals = set()
    for number in (1, case.id, 404, 10**9, 10**9 + 1, 10**30):
        with pytest.raises(NotFound) as missing:
            _load(session, number)
        refusals.add((missing.value.key, str(missing.value.values)))
    assert refusals == {("no_such_case", "{}")}


def test_a_withdrawn_case_leaves_its_tombstone(session, desk):
    case = desk.withdrawn()
    stone = _gone(session, case.number).values["tombstone"]
    assert (stone.number, stone.act, stone.reason) == (case.number, "withdrawn", "erreur")


def test_each_case_has_its_own_tombstone(session, pen, desk, cast):
    first, second = desk.withdrawn(), desk.published()
    with pen(LATER) as p:
        acts.withdraw(p, second.id, by=cast.bruno, restriction="securite", reason="r")
    stones = [_gone(session, case.number).values["tombstone"] for case in (first, second)]
    assert [stone.reason for stone in stones] == ["erreur", "securite"]
    assert stones[0].at < stones[1].at == LATER


def test_an_erased_case_leaves_the_last_tombstone(session, pen, desk, cast):
    case = desk.withdrawn()
    with pen(LATER) as p:
        acts.erase(p, case.id, by=cast.ada, restriction="demande_signalant", single=True)
    stone = _gone(session, case.number).values["tombstone"]
    assert (stone.act, stone.reason, stone.at) == ("erased", "", LATER)


def test_a_merged_case_leads_to_the_other(session, desk):
    case = desk.merged()
    with pytest.raises(Moved) as moved:
        _load(session, case.number)
    assert moved.value.values == {"number": 1}


def test_a_restored_case_is_read_again(session, pen, desk, cast):
    case = desk.withdrawn()
    with pen() as p:
        acts.restore(p, case.id, by=cast.bruno, reason="r", attested=ATTESTED)
    assert _load(session, case.number).is_current


# --- a version, pinned ---------------------------------------------------------------------------


def _correct(pen, cast, case, content):
    with pen(LATER) as p:
        acts.correct(p, case.id, content, by=cast.bruno, reason="r", public_note="Titre corrigé.")


def test_a_pinned_version_has_its_former_content(session, pen, desk, cast, content):
    case = desk.published()
    _correct(pen, cast, case, content(title="Corrigé"))
    events = _events(session, case.number)
    now = _load(session, case.number)
    before = _load(session, case.number, events["published"])
    assert (now.version, now.is_current, now.version_at) == (events["corrected"], True, LATER)
    assert now.snapshot.content["title"] == "Corrigé"
    assert (before.is_current, before.version) == (False, events["published"])
    assert before.snapshot.content["title"] == content().title
    assert _load(session, case.number, events["corrected"]) == now


def test_a_version_is_an_event_of_this_very_case(session, desk):
    first, second = desk.published(), desk.published()
    other = _events(session, second.number)["published"]
    for version in (other, 0, -1, 404, 10**30):
        with pytest.raises(NotFound) as missing:
            _load(session, first.number, version)
        assert missing.value.key == "no_such_version"


def test_an_event_without_a_snapshot_is_no_version(session, pen, desk, cast):
    case = desk.withdrawn()
    with pen() as p:
        acts.restore(p, case.id, by=cast.bruno, reason="r", attested=ATTESTED)
    events = _events(session, case.number)
    with pytest.raises(NotFound):
        _load(session, case.number, events["withdrawn"])
    assert _load(session, case.number, events["restored"]).is_current


def test_a_text_written_while_the_case_was_withdrawn_is_no_version(
    session, pen, desk, cast, content
):
    """The case is redacted, then edited, then restored: only the last text was ever public."""
    case = desk.withdrawn()
    with pen() as p:
        acts.redact(
            p, case.id, content(title="Encore trop"), by=cast.bruno, reason="r", public_note="n"
        )
        acts.edit(p, case.id, content(title="Assez"), by=cast.chloe, reason="r")
        acts.restore(p, case.id, by=cast.bruno, reason="r", attested=ATTESTED, public_note="n")
    events = _events(session, case.number)
    with pytest.raises(NotFound) as missing:
        _load(session, case.number, events["redacted"])
    assert missing.value.key == "no_such_version"
    assert _load(session, case.number).snapshot.content["title"] == "Assez"


def test_a_version_that_a_redaction_hides_whole_is_gone(session, pen, desk, cast, content):
    case = desk.published(title="Un nom")
    with pen(LATER) as p:
        by, published = cast.bruno, p.load(Incident, case.id).revision_id
        acts.correct(p, case.id, content(title="Un autre"), by=by, reason="r", public_note="n")
    with pen(LATER) as p:
        note = {"reason": "r", "public_note": "Retiré."}
        redacted = content(title="Rectifié")
        acts.redact(p, case.id, redacted, by=by, passages=["Un autre"], hidden=[published], **note)
    with pen(LATER) as p:
        acts.redact(p, case.id, content(title="Plus"), by=by, passages=["Rectifié"], **note)
    events = _events(session, case.number)
    assert _gone(session, case.number, events["published"]).key == "version_destroyed"
    corrected = _load(session, case.number, events["corrected"])
    assert corrected.snapshot.content["title"] == "[passage retiré]"
    assert corrected.redacted_by == events["redacted"] - 1
    with pen(LATER) as p:
        acts.correct(p, case.id, content(title="Fin"), by=by, reason="r", public_note="n")
    assert _load(session, case.number, events["redacted"]).redacted_by is None


@pytest.mark.parametrize("end", ["withdrawn", "erased"])
def test_a_version_follows_the_state_of_its_case(session, pen, desk, cast, end):
    case = getattr(desk, end)()
    version = _events(session, case.number)["published"]
    assert _gone(session, case.number, version).key == "case_gone"


@pytest.mark.parametrize("quiet", ["approve", "invite", "receive_reply"])
def test_acts_of_the_desk_make_no_public_version(session, pen, desk, cast, quiet):
    case = desk.published()
    before = _load(session, case.number)
    if quiet == "receive_reply":
        desk.received_reply(case)
    else:
        with pen(LATER) as p:
            if quiet == "approve":
                acts.approve(p, case.id, by=cast.ada, purpose="erase")
            else:
                acts.invite(p, case.id, "relance", by=cast.bruno)
    assert _load(session, case.number) == before


# --- lists -------------------------------------------------------------------------------------


def test_a_list_shows_public_cases_only(session, desk):
    public_case = desk.published()
    for hidden in (desk.draft, desk.ready, desk.discarded, desk.withdrawn, desk.erased):
        hidden()
    page = _listing(session)
    assert ([row.number for row in page.cases], page.total, page.pages) == (
        [public_case.number],
        1,
        1,
    )


def test_a_row_has_the_place_and_the_codes_and_no_narrative(session, desk):
    desk.published(
        date="2008-03~",
        types=("expulsion", "huis_clos"),
        narrative="LE RÉCIT CONTESTÉ",
        proceedings=(decided(direction="contre_cible", outcome="en_cours", appeal="oui"),),
        outcome="en_cours",
        contested=True,
    )
    (row,) = _listing(session).cases
    assert (row.commune, row.commune_name) == ("93032", "Gagny")
    assert row.departement_name == "Seine-Saint-Denis"
    assert (row.types, row.date) == (("expulsion", "huis_clos"), "2008-03~")
    assert (row.appealed, row.contested, row.outcome) == (True, True, "en_cours")
    assert "CONTESTÉ" not in repr(row)


@pytest.mark.parametrize(
    ("changes", "commune", "names"),
    [
        ({"commune": "93059"}, "93066", ("Saint-Denis", "Seine-Saint-Denis", None)),
        ({"commune": "", "departement": "93"}, None, (None, "Seine-Saint-Denis", None)),
        ({"commune": "", "region": "11"}, None, (None, None, "Île-de-France")),
        ({"commune": "", "country": "BE", "place_label": "Liège"}, None, (None, None, None)),
        ({"linked_communes": ("13055", "75056")}, "93032", ("Gagny", "Seine-Saint-Denis", None)),
    ],
)
def test_a_row_names_the_place_of_today(session, desk, changes, commune, names):
    desk.published(**changes)
    (row,) = _listing(session).cases
    assert place_queries.current_code(row.commune) == commune
    assert (row.commune_name, row.departement_name, row.region_name) == names


def test_the_newest_facts_come_first_and_the_undated_last(session, desk):
    dates = ["2006", "", "2008-03-17", "2008-03", "2008-03-17"]
    numbers = [desk.published(date=day).number for day in dates]
    listed = [case.number for case in _listing(session).cases]
    assert listed == [numbers[4], numbers[2], numbers[3], numbers[0], numbers[1]]


def test_by_last_movement_the_case_that_just_moved_comes_first(session, pen, desk, cast, content):
    first, second = desk.published(), desk.published()
    assert [case.number for case in _listing(session, CaseQuery(order="maj")).cases] == [
        second.number,
        first.number,
    ]
    _correct(pen, cast, first, content(title="Corrigé"))
    assert [case.number for case in _listing(session, CaseQuery(order="maj")).cases] == [
        first.number,
        second.number,
    ]


def test_a_page_has_twenty_cases_and_each_case_is_on_one_page(session, desk):
    numbers = [desk.published(date="2008").number for _ in range(PAGE_SIZE + 3)]
    first, second, third = (_listing(session, CaseQuery(page=page)) for page in (1, 2, 3))
    assert (len(first.cases), len(second.cases), len(third.cases)) == (PAGE_SIZE, 3, 0)
    assert (first.total, first.pages, third.total) == (PAGE_SIZE + 3, 2, PAGE_SIZE + 3)
    listed = [case.number for page in (first, second) for case in page.cases]
    assert listed == numbers[::-1]


def test_an_empty_register_has_one_empty_page(session):
    page = _listing(session)
    assert (list(page.cases), page.total, page.pages, page.number) == ([], 0, 1, 1)


def test_a_count_follows_the_public_ledger(session, pen, desk, cast):
    case = desk.published()
    assert _listing(session).total == 1
    desk.draft()
    assert _listing(session).total == 1
    desk.published()
    assert _listing(session).total == 2
    with pen() as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="r")
    assert _listing(session).total == 1


def test_cases_are_read_by_number_when_they_are_public(session, desk):
    public_case, hidden = desk.published(), desk.withdrawn()
    session.rollback()
    summaries = result_lists.load_case_summaries(session, [public_case.number, hidden.number, 404])
    assert list(summaries) == [public_case.number]
    assert result_lists.load_case_summaries(session, []) == {}


def test_a_query_takes_hundreds_of_thousands_of_numbers(session, desk):
    """More numbers than either database accepts as single parameters."""
    public_case, hidden = desk.published(), desk.withdrawn()
    session.rollback()

    def public_ids(numbers):
        statement = select(CASE.c.id).where(IS_PUBLIC, is_among(CASE.c.number, numbers))
        return session.scalars(statement).all()

    for count in (10, 50_000, 400_000):
        assert public_ids(range(1, count)) == [public_case.id]
        assert public_ids(range(hidden.number, count)) == []
    assert public_ids([]) == []


def test_other_cases_of_the_commune_of_a_case_are_listed(session, desk):
    viewed, other, elsewhere = (
        desk.published(commune="93066"),
        desk.published(commune="93059"),
        desk.published(commune="92062"),
    )
    desk.draft(commune="93066")
    session.rollback()
    listed = result_lists.list_commune_cases(session, "93066", except_number=viewed.number)
    assert [case.number for case in listed] == [other.number]
    assert elsewhere.number not in {case.number for case in listed}


def test_other_cases_of_a_commune_are_limited(session, desk):
    viewed, *_ = (desk.published() for _ in range(4))
    session.rollback()
    assert (
        len(result_lists.list_commune_cases(session, "93032", except_number=viewed.number, limit=2))
        == 2
    )


def test_a_case_is_cited_by_public_ones_only(session, desk, content):
    cited = desk.published()
    link = (LinkContent("fait_suite", cited.number),)
    citing = desk.published(links=link, title="La suite")
    desk.withdrawn(links=link)
    desk.draft(links=link)
    session.rollback()
    assert queries.list_citing_cases(session, cited.number) == [
        (citing.number, "fait_suite", "La suite")
    ]


def test_the_public_acts_of_a_case_have_the_parts_that_they_added(
    session, pen, desk, cast, content
):
    case = desk.withdrawn()
    with pen() as p:
        acts.restore(p, case.id, by=cast.bruno, reason="r", attested=ATTESTED)
    _correct(pen, cast, case, content(title="Corrigé"))
    changes = queries.list_changes(session, _load(session, case.number))
    assert [change.act for change in changes] == ["published", "withdrawn", "restored", "corrected"]
    assert [change.readable for change in changes] == [True, False, True, True]
    assert [change.rank for change in changes] == [1, 0, 2, 3]
    assert [change.reason for change in changes] == ["", "erreur", "", ""]
    assert [change.part and change.part["note"] for change in changes] == [
        None,
        None,
        None,
        "Titre corrigé.",
    ]
    assert changes[-1].number == 1


def _invited_on(session, case):
    return invitations.public_invitation(session, case, AT.date()).invited_on


def test_an_invitation_belongs_to_the_versions_that_follow_it(session, pen, desk, cast, content):
    case = desk.published()
    later = AT + timedelta(hours=1)
    with pen(later) as p:
        acts.invite(p, case.id, "Par lettre.", by=cast.bruno, on=date(2026, 3, 1))
    first = date(2026, 2, 20)
    assert _invited_on(session, _load(session, case.number)) == first
    with pen(later) as p:
        acts.follow_up(p, case.id, by=cast.bruno, reason="r", title="Suite", text="Suite.")
    current = _load(session, case.number)
    assert _invited_on(session, current) == date(2026, 3, 1)
    earlier = queries.load_public_case(session, case.number, current.version - 1)
    assert _invited_on(session, earlier) == first


def test_a_proof_opens_the_commitment_of_a_version(session, pen, desk, cast, content):
    case = desk.published()
    _correct(pen, cast, case, content(title="Corrigé"))
    for version in (None, _events(session, case.number)["published"]):
        opening = json.loads(public_journal.proof(session, case.number, version))
        assert opening["current"] == (version is None)
        salt, canonical = bytes.fromhex(opening["salt"]), canonical_json(opening["content"])
        assert commitment(salt, canonical) == opening["commitment"]


def test_the_proof_of_a_document_of_a_former_format_has_its_hashed_content(session, desk):
    suit = ProceedingContent(direction="contre_cible")
    case = desk.published(proceedings=(suit,))
    revision = session.get(Incident, case.id).revision
    document = json.loads(revision.content)
    decision = dict.fromkeys(("court", "outcome", "outcome_date", "appeal"), "")
    former = {**document, "proceedings": [{**document["proceedings"][0], **decision}]}
    session.execute(
        update(Revision).where(Revision.id == revision.id).values(content=canonical_json(former))
    )
    session.expire_all()
    opening = json.loads(public_journal.proof(session, case.number))
    assert opening["content"] == former
    assert queries.load_public_case(session, case.number).snapshot.content != former


def test_a_version_destroyed_during_the_request_has_no_proof(session, desk, monkeypatch):
    case = desk.published()
    public_case = _load(session, case.number)
    monkeypatch.setattr(queries, "load_public_case", lambda *_arguments: public_case)
    session.execute(update(Revision).values(salt=None))
    with pytest.raises(Gone):
        public_journal.proof(session, case.number)
    session.rollback()


def test_citable_acts_are_public_acts_with_a_snapshot(session):
    assert all(act.ledger == "public" for act in queries.CITABLE_ACTS)
    assert {Act.WITHDRAWN, Act.MERGED, Act.ERASED}.isdisjoint(queries.CITABLE_ACTS)
