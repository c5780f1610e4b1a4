"""Cases that may be the same as one: why they are found, and who is shown them."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from register.accounts.models import Member
from register.cases import duplicates
from register.cases.case_content import Content, SourceContent
from register.cases.duplicates import DuplicateReason, distinctive_words, find_possible_duplicates

# A case that shares nothing with those of the tests but what a test gives it.
ALONE = {
    "title": "Une caméra éteinte pendant la séance",
    "summary": "Le maire suspend la séance et fait éteindre la caméra du blogueur.",
    "date": "2011-05-04",
    "commune": "93032",
    "types": ("expulsion",),
    "outlets": ("Gagny Libre",),
    "sources": (SourceContent(url="https://exemple.test/un"),),
}
OTHER = {
    "title": "Refus de communiquer un budget",
    "summary": "La délibération demandée par courrier reste introuvable.",
    "date": "1999-02-03",
    "commune": "22001",
    "types": ("refus_document",),
    "outlets": ("Le Cahier",),
    "sources": (SourceContent(url="https://exemple.test/deux"),),
}


@pytest.fixture
def found(session, cast):
    """``found(content)``: the ids of the cases that are like it, with their reasons."""

    def find(content, by="bruno", **more):
        session.rollback()
        viewer = session.get_one(Member, getattr(cast, by))
        return [
            (one.case.id, list(one.reasons))
            for one in find_possible_duplicates(session, viewer, content, **more)
        ]

    return find


@pytest.mark.parametrize(
    ("shared", "reasons"),
    [
        (("sources",), [DuplicateReason("source")]),
        (("commune", "date"), [DuplicateReason("commune"), DuplicateReason("jours")]),
        (("commune", "outlets"), [DuplicateReason("commune"), DuplicateReason("media")]),
        (("outlets", "types"), [DuplicateReason("media"), DuplicateReason("types")]),
        (("outlets", "summary"), [DuplicateReason("mots", 4), DuplicateReason("media")]),
        (("commune",), None),
        (("outlets",), None),
        (("date",), None),
        (("date", "types"), [DuplicateReason("jours"), DuplicateReason("types")]),
        (("summary",), None),
        (("types",), None),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, tuple) else "",
)
def test_two_reasons_or_one_shared_source_make_a_duplicate(desk, found, content, shared, reasons):
    filed = desk.draft(content(**OTHER | {name: ALONE[name] for name in shared}))
    assert found(content(**ALONE)) == ([(filed.id, reasons)] if reasons else [])


@pytest.mark.parametrize(
    ("date", "code"),
    [
        ("2011-05-04", "jours"),
        ("2011-06-30", "jours_proches"),
        ("2011-03-10", "jours_proches"),
        ("2011-07-30", None),
        ("2011-05", "jours_proches"),
        ("2011", "jours_proches"),
        ("2010", None),
        ("", None),
    ],
)
def test_equal_or_near_dates_are_a_reason(desk, found, content, date, code):
    desk.draft(content(**OTHER | {"commune": "93032", "outlets": ("Gagny Libre",), "date": date}))
    ((_id, reasons),) = found(content(**ALONE))
    assert [reason.code for reason in reasons if reason.code.startswith("jours")] == (
        [code] if code else []
    )


def test_a_former_code_and_a_linked_commune_are_the_commune(desk, found, content):
    same = {"outlets": ("Gagny Libre",)}
    old = desk.draft(content(**OTHER | same | {"commune": "93059"}))
    linked = desk.draft(content(**OTHER | same | {"linked_communes": ("93066",)}))
    told = dict(found(content(**ALONE | {"commune": "93066"})))
    assert told == {
        old.id: [DuplicateReason("commune"), DuplicateReason("media")],
        linked.id: [DuplicateReason("commune"), DuplicateReason("media")],
    }
    beside = dict(found(content(**ALONE | {"commune": "", "linked_communes": ("93066",)})))
    assert beside[old.id] == [DuplicateReason("commune_liee"), DuplicateReason("media")]


def test_drafts_public_and_withdrawn_cases_are_found_and_the_likest_come_first(
    desk, found, content
):
    less = desk.draft(content(**OTHER | {"commune": "93032", "outlets": ("Gagny Libre",)}))
    same = desk.published(content(**ALONE))
    gone = desk.withdrawn(content(**ALONE))
    desk.erased(**ALONE)
    assert [one for one, _why in found(content(**ALONE))] == [gone.id, same.id, less.id]
    assert [one for one, _why in found(content(**ALONE), exclude_id=gone.id, limit=1)] == [same.id]


def test_a_disabled_member_is_shown_none(desk, found, content):
    desk.draft(content(**ALONE))
    assert found(content(**ALONE), by="driss") == []


def test_an_empty_draft_has_no_duplicates(desk, found):
    desk.draft()
    assert found(Content()) == []
    assert found(Content(date="vers le printemps", commune="?", title="\ud800")) == []


def test_rare_words_are_a_reason():
    assert distinctive_words("Le maire de l’École éteint la caméra", "la Caméra") == {
        "ecole",
        "eteint",
        "camera",
    }


def test_the_number_of_compared_cases_is_bounded(
    session, engine, desk, found, content, monkeypatch
):
    monkeypatch.setattr(duplicates, "CANDIDATE_LIMIT", 3)
    made = [desk.draft(content(**ALONE)).id for _ in range(5)]
    told = []
    count = lambda *_: told.append(1)  # noqa: E731 # a listener
    event.listen(engine, "before_cursor_execute", count)
    assert [one for one, _why in found(content(**ALONE))] == made[:1:-1]
    event.remove(engine, "before_cursor_execute", count)
    assert len(told) < 20
