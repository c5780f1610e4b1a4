"""Possible duplicates of a case: the reasons, the order, the limits and the access."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from register.accounts.models import Member
from register.cases import duplicates
from register.cases.case_content import Content, SourceContent
from register.cases.duplicates import DuplicateReason, distinctive_words, find_possible_duplicates

pytestmark = pytest.mark.one_database

# Two contents without a common value: the tests copy some of ALONE into OTHER.
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
def duplicates_of(session, cast):
    """``duplicates_of(content)``: the ids of its possible duplicates, with the reasons."""

    def find(content, by="bruno", **limits):
        session.rollback()
        viewer = session.get_one(Member, getattr(cast, by))
        return [
            (duplicate.case.id, list(duplicate.reasons))
            for duplicate in find_possible_duplicates(session, viewer, content, **limits)
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
def test_two_reasons_or_a_shared_source_make_a_duplicate(
    desk, duplicates_of, content, shared, reasons
):
    case = desk.draft(content(**OTHER | {name: ALONE[name] for name in shared}))
    assert duplicates_of(content(**ALONE)) == ([(case.id, reasons)] if reasons else [])


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
def test_equal_or_near_dates_are_a_reason(desk, duplicates_of, content, date, code):
    desk.draft(content(**OTHER | {"commune": "93032", "outlets": ("Gagny Libre",), "date": date}))
    ((_id, reasons),) = duplicates_of(content(**ALONE))
    assert [reason.code for reason in reasons if reason.code.startswith("jours")] == (
        [code] if code else []
    )


def test_former_codes_and_linked_communes_count_as_the_commune(desk, duplicates_of, content):
    outlet = {"outlets": ("Gagny Libre",)}
    old = desk.draft(content(**OTHER | outlet | {"commune": "93059"}))
    linked = desk.draft(content(**OTHER | outlet | {"linked_communes": ("93066",)}))
    reasons = dict(duplicates_of(content(**ALONE | {"commune": "93066"})))
    assert reasons == {
        old.id: [DuplicateReason("commune"), DuplicateReason("media")],
        linked.id: [DuplicateReason("commune"), DuplicateReason("media")],
    }
    reasons_of_linked = dict(
        duplicates_of(content(**ALONE | {"commune": "", "linked_communes": ("93066",)}))
    )
    assert reasons_of_linked[old.id] == [DuplicateReason("commune_liee"), DuplicateReason("media")]


def test_drafts_public_and_withdrawn_cases_are_found_best_match_first(desk, duplicates_of, content):
    partial = desk.draft(content(**OTHER | {"commune": "93032", "outlets": ("Gagny Libre",)}))
    public = desk.published(content(**ALONE))
    withdrawn = desk.withdrawn(content(**ALONE))
    desk.erased(**ALONE)
    assert [id_ for id_, _reasons in duplicates_of(content(**ALONE))] == [
        withdrawn.id,
        public.id,
        partial.id,
    ]
    limited = duplicates_of(content(**ALONE), exclude_id=withdrawn.id, limit=1)
    assert [id_ for id_, _reasons in limited] == [public.id]


def test_a_disabled_member_finds_no_duplicates(desk, duplicates_of, content):
    desk.draft(content(**ALONE))
    assert duplicates_of(content(**ALONE), by="driss") == []


def test_an_empty_draft_has_no_duplicates(desk, duplicates_of):
    desk.draft()
    assert duplicates_of(Content()) == []
    assert duplicates_of(Content(date="vers le printemps", commune="?", title="\ud800")) == []


def test_rare_words_are_a_reason():
    assert distinctive_words("Le maire de l’École éteint la caméra", "la Caméra") == {
        "ecole",
        "eteint",
        "camera",
    }


def test_the_number_of_compared_cases_is_bounded(
    session, engine, desk, duplicates_of, content, monkeypatch
):
    monkeypatch.setattr(duplicates, "CANDIDATE_LIMIT", 3)
    ids = [desk.draft(content(**ALONE)).id for _ in range(5)]
    statements = []
    count = lambda *_: statements.append(1)  # noqa: E731 # a listener
    event.listen(engine, "before_cursor_execute", count)
    assert [id_ for id_, _reasons in duplicates_of(content(**ALONE))] == ids[:1:-1]
    event.remove(engine, "before_cursor_execute", count)
    assert len(statements) < 20
