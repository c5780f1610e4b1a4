"""Imports of a file: drafts, publications, blocked rows and faults."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import facet_data
import pytest
from sqlalchemy import Engine, event, func, select
from sqlalchemy.orm import Session

from register.cases import acts, filters, queries
from register.cases.case_content import content_of
from register.cases.models import CaseState, Incident, Note, Revision
from register.cases.risk_flags import parse_reasons
from register.cases.verify import verify
from register.cases.vocabulary import current_vocabulary
from register.errors import Invalid
from register.exchange.case_csv_import import ImportReport, PublishOptions, RowEffect, import_file
from register.exchange.row_mapping import COLUMNS
from register.journal import JournalEntry, head, writing

pytestmark = pytest.mark.one_database

DEMO_FILE = Path(__file__).parents[2] / "register" / "demo" / "incidents.csv"

VALID_ROW = {
    "id": "A1",
    "date": "2008-03-17",
    "pays": "FR",
    "commune": "93032",
    "niveau": "commune",
    "acteur": "maire",
    "cible": "blogueur",
    "media": "Gagny Libre; Le Petit Gagny",
    "types": "interdiction_filmer",
    "resume": "Le maire interdit de filmer",
    "procedure": "aucune",
    "issue": "inconnue",
    "source_url": "https://exemple.test/gagny",
    "source_type": "presse locale",
    "preuve": "documente",
    "invitation": "courriel du 2 mars",
    "note": "note interne",
}


def csv_text(*rows: dict[str, str], columns: tuple[str, ...] = COLUMNS) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


@pytest.fixture
def load(engine: Engine, cast: Any, tmp_path: Path) -> Callable[..., ImportReport]:
    """``load(row, …)`` imports rows as drafts; ``publish=True`` with both moderators."""

    def run(*rows: dict[str, str], raw: str | bytes | None = None, **options: Any) -> ImportReport:
        path = tmp_path / "cases.csv"
        data = raw if raw is not None else csv_text(*rows)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        publish, reason = None, "essai"
        if options.pop("publish", False):
            publish = PublishOptions(options.pop("second", cast.chloe))
            reason = "repris de la presse"
        return import_file(engine, path, by=cast.bruno, publish=publish, reason=reason, **options)

    return run


def publication(cast: Any) -> dict[str, Any]:
    """The options by which both moderators publish."""
    return {"by": cast.bruno, "reason": "reprise", "publish": PublishOptions(cast.chloe)}


def count_lines(engine: Engine) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(JournalEntry)) or 0


def count_cases(engine: Engine) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(Incident)) or 0


def new_cases(report: ImportReport) -> int:
    return sum(outcome.is_new for outcome in report.outcomes)


# --- the demonstration file ---------------------------------------------------------------------


def test_the_34_real_cases_are_published_with_a_second_person(engine: Engine, cast: Any) -> None:
    options = publication(cast)
    report = import_file(engine, DEMO_FILE, **options)
    assert (new_cases(report), report.count(RowEffect.PUBLISHED), report.is_clean) == (34, 34, True)
    before = count_lines(engine)
    second_report = import_file(engine, DEMO_FILE, **options)
    assert (new_cases(second_report), second_report.count(RowEffect.UNCHANGED)) == (0, 34)
    assert count_lines(engine) == before


def test_without_a_second_person_cases_with_lawsuits_stay_drafts(engine: Engine, cast: Any) -> None:
    alone = publication(cast) | {"publish": PublishOptions()}
    report = import_file(engine, DEMO_FILE, **alone)
    assert report.count(RowEffect.PUBLISHED) == 20
    assert len(report.blocked) == 14
    assert all(
        [line.code for line in error.values["lines"]] == ["second"]
        for _row, error in report.blocked
    )
    # A second run with the second person publishes them.
    report = import_file(engine, DEMO_FILE, **publication(cast))
    assert report.count(RowEffect.PUBLISHED) == 14


def test_the_cases_of_puteaux_have_the_directions_of_their_proceedings(
    engine: Engine, cast: Any
) -> None:
    import_file(engine, DEMO_FILE, **publication(cast))
    with Session(engine) as session:
        words = current_vocabulary(session)
        query = filters.parse({"commune": ["92062"]}, words)
        cases_of_puteaux = facet_data.list_page(session, query, words, head(session)).cases
        directions = sorted(
            queries.load_public_case(session, case.number).snapshot.content["proceedings"][0][
                "direction"
            ]
            for case in cases_of_puteaux
        )
    assert directions == ["contre_cible", "contre_cible", "contre_cible", "par_cible"]


# --- a row --------------------------------------------------------------------------------------


def test_a_row_becomes_a_draft_with_a_title_from_type_place_and_date(
    load: Callable[..., ImportReport], engine: Engine
) -> None:
    assert new_cases(load(VALID_ROW)) == 1
    with Session(engine) as session:
        case = session.scalars(select(Incident)).one()
        assert case.state == CaseState.DRAFT
        assert case.title == "Interdiction de filmer, Gagny, 17 mars 2008"
        assert content_of(case).outlets == ("Gagny Libre", "Le Petit Gagny")
        assert [source.kind for source in content_of(case).sources] == ["presse"]
        assert session.scalars(select(Note.text)).all() == ["note interne"]


def test_a_former_code_is_stored_unchanged_and_listed_under_the_commune_of_today(
    load: Callable[..., ImportReport], engine: Engine
) -> None:
    assert load({**VALID_ROW, "commune": "93059"}, publish=True).count(RowEffect.PUBLISHED) == 1
    with Session(engine) as session:
        words = current_vocabulary(session)
        query = filters.parse({"commune": ["93066"]}, words)
        (summary,) = facet_data.list_page(session, query, words, head(session)).cases
        assert (summary.commune, summary.commune_name) == ("93059", "Saint-Denis")
        assert (
            queries.load_public_case(session, summary.number).snapshot.content["commune"] == "93059"
        )


def test_a_dry_run_reports_what_an_import_does_and_writes_nothing(
    load: Callable[..., ImportReport], engine: Engine
) -> None:
    before = count_lines(engine)
    lawsuit = {**VALID_ROW, "id": "A3", "types": "plainte_diffamation"}
    rows = (VALID_ROW, {**VALID_ROW, "id": "A2", "types": "inventé"}, lawsuit, VALID_ROW)
    trial = load(*rows, dry_run=True, publish=True, second=None)
    assert (count_lines(engine), count_cases(engine)) == (before, 0)
    report = load(*rows, publish=True, second=None)
    effects = [outcome.effect for outcome in trial.outcomes]
    assert effects == [outcome.effect for outcome in report.outcomes]
    assert effects == [
        RowEffect.PUBLISHED,
        RowEffect.REFUSED,
        RowEffect.BLOCKED,
        RowEffect.UNCHANGED,
    ]


@pytest.mark.parametrize(
    ("change", "nearest"),
    [
        ({"types": "interdiction de filmer"}, "interdiction_filmer"),
        ({"acteur": "police municipale"}, "police"),
        ({"commune": "93O32"}, "93032 (Gagny)"),
        ({"commune": "gagny"}, "93032 (Gagny)"),
        ({"departement": "Seine Saint Denis"}, "93"),
        ({"pays": "Belgique"}, "BE"),
        ({"procedure": "contre la cible"}, "contre_cible"),
        ({"procedure": "contre_cible", "en_appel": "no"}, "non"),
        ({"conteste": "vrai"}, "oui"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_wrong_code_comes_with_the_nearest_accepted_ones(
    change: dict[str, str], nearest: str, load: Callable[..., ImportReport]
) -> None:
    cells = {**VALID_ROW, **change}
    report = load(raw=csv_text(cells, columns=tuple(dict.fromkeys([*COLUMNS, *cells]))))
    ((_row, fault), *_others) = report.faults
    assert nearest in str(fault.values["names"])


def test_a_file_saved_by_a_french_excel_is_the_same_file(
    load: Callable[..., ImportReport], engine: Engine
) -> None:
    ain = {**VALID_ROW, "id": "A2", "commune": "01053", "resume": "L’été à Bourg"}
    assert new_cases(load(VALID_ROW, ain)) == 2
    text = csv_text(VALID_ROW, ain).replace("2008-03-17", "17/03/2008").replace("01053", "1053")
    table = list(csv.reader(io.StringIO(text)))
    saved = io.StringIO()
    writer = csv.writer(saved, delimiter=";", lineterminator="\r\n")
    writer.writerows([*([*cells, ""] for cells in table), [""] * (len(table[0]) + 1)])
    report = load(raw=saved.getvalue().encode("cp1252"))
    assert (report.count(RowEffect.UNCHANGED), len(report.outcomes)) == (2, 2)


def test_the_faults_of_a_row_are_in_the_order_of_the_columns(
    load: Callable[..., ImportReport],
) -> None:
    faulty = {"titre": "t" * 2_001, "date": "hier", "niveau": "x", "source_url": "x", "preuve": "x"}
    report = load({**VALID_ROW, **faulty})
    assert [fault.field for _row, fault in report.faults] == list(faulty)


def test_an_unmapped_kind_of_source_is_no_fault(
    load: Callable[..., ImportReport], engine: Engine
) -> None:
    assert load({**VALID_ROW, "source_type": "affiche collée au mur"}).is_clean
    with Session(engine) as session:
        (source,) = content_of(session.scalars(select(Incident)).one()).sources
        assert (source.kind, source.label) == ("autre", "affiche collée au mur")


def test_an_erased_case_is_not_imported_again(
    load: Callable[..., ImportReport], engine: Engine, cast: Any
) -> None:
    load(VALID_ROW, publish=True)
    with writing(engine) as pen:
        acts.approve(pen, 1, by=cast.chloe, purpose="erase")
        acts.erase(pen, 1, by=cast.ada, restriction="securite")
    report = load(VALID_ROW, publish=True)
    assert (new_cases(report), report.count(RowEffect.UNCHANGED), count_cases(engine)) == (0, 1, 1)


@pytest.mark.parametrize(
    ("change", "column", "key"),
    [
        ({"types": "inventé"}, "types", "unknown_code"),
        ({"acteur": "roi"}, "acteur", "unknown_code"),
        ({"commune": "99999"}, "commune", "unknown_code"),
        ({"departement": "21 bis"}, "departement", "unknown_code"),
        ({"pays": "??"}, "pays", "unknown_code"),
        ({"preuve": "certain"}, "preuve", "unknown_code"),
        ({"date": "2006-02-30"}, "date", "date_impossible"),
        ({"date": "mars-08"}, "date", "date_form"),
        ({"date_fin": "2007"}, "date_fin", "ends_before"),
        ({"date_issue": "hier", "procedure": "contre_cible"}, "date_issue", "date_form"),
        ({"procedure": "contre_le_maire"}, "procedure", "unknown_code"),
        ({"en_appel": "peut-être", "procedure": "contre_cible"}, "en_appel", "unknown_code"),
        ({"juridiction": "TA de Lyon"}, "juridiction", "no_proceeding"),
        ({"source_url": "javascript:alert(1)"}, "source_url", "url"),
        ({"types": "expulsion;expulsion"}, "types", "twice"),
        ({"types": "expulsion;huis_clos;surveillance;autre"}, "types", "too_many"),
        ({"resume": "=HYPERLINK(1)"}, "resume", "formula"),
        ({"resume": "+33"}, "resume", "formula"),
        ({"resume": "@SUM(A1)"}, "resume", "formula"),
        ({"resume": "a\x00b"}, "resume", "control_character"),
        ({"resume": "a\x1bb"}, "resume", "control_character"),
        ({"resume": "x" * 50_000_000}, "resume", "too_long"),
        ({"id": ""}, "id", "missing"),
        ({"conteste": "peut-être"}, "conteste", "unknown_code"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_an_invalid_row_is_reported_and_not_imported(
    change: dict[str, str], column: str, key: str, load: Callable[..., ImportReport], engine: Engine
) -> None:
    before = count_lines(engine)
    cells = {**VALID_ROW, **change}
    columns = tuple(dict.fromkeys([*COLUMNS, *cells]))
    report = load(raw=csv_text(cells, columns=columns), publish=True)
    ((row, fault), *_others) = report.faults
    assert (row.number, fault.field, fault.key.removesuffix("_near")) == (2, column, key)
    assert row.id == change.get("id", "A1")
    assert (count_lines(engine), count_cases(engine), new_cases(report)) == (before, 0, 0)


def test_a_file_may_say_which_case_is_contested(
    load: Callable[..., ImportReport], engine: Engine
) -> None:
    columns = (*COLUMNS, "conteste")
    answers = ("oui", "non", "")
    rows = [
        {**VALID_ROW, "id": f"A{number}", "conteste": answer}
        for number, answer in enumerate(answers)
    ]
    assert new_cases(load(raw=csv_text(*rows, columns=columns))) == 3
    with Session(engine) as session:
        cases = session.scalars(select(Incident).order_by(Incident.id))
        assert [content_of(case).contested for case in cases] == [True, False, False]
    # Without the column, or with an empty cell in it, a row is the same row.
    assert load(raw=csv_text({**VALID_ROW, "id": "A2"})).count(RowEffect.UNCHANGED) == 1


def test_valid_rows_beside_an_invalid_one_are_imported(
    load: Callable[..., ImportReport], engine: Engine
) -> None:
    report = load(
        VALID_ROW, {**VALID_ROW, "id": "A2", "types": "inventé"}, {**VALID_ROW, "id": "A3"}
    )
    assert (new_cases(report), [row.number for row, _fault in report.faults]) == (2, [3])
    assert count_cases(engine) == 2


def test_refused_rows_of_a_long_file_take_no_other_row_with_them(
    load: Callable[..., ImportReport], engine: Engine
) -> None:
    rows = [{**VALID_ROW, "id": f"L{number}"} for number in range(25)]
    rows[3]["types"] = rows[17]["types"] = "inventé"
    rows[8]["id"] = "L7"
    rows[12] |= {"id": "L11", "resume": "Autre chose"}
    report = load(*rows, publish=True)
    assert [outcome.row for outcome in report.outcomes] == sorted(
        (outcome.row for outcome in report.outcomes), key=lambda row: row.number
    )
    assert [(row.number, fault.field) for row, fault in report.faults] == [
        *[(5, "types"), (14, "id"), (19, "types")]
    ]
    assert (report.count(RowEffect.PUBLISHED), report.count(RowEffect.UNCHANGED)) == (21, 1)
    with Session(engine) as session:
        cases = session.scalars(select(Incident).order_by(Incident.id)).all()
        assert [case.number for case in cases] == list(range(1, 22))
        assert list(verify(session)) == []


def test_a_published_row_without_a_note_is_at_most_seventeen_statements(
    load: Callable[..., ImportReport], engine: Engine
) -> None:
    def count_statements(rows: list[dict[str, str]]) -> int:
        executed: list[str] = []

        def record(_connection: Any, _cursor: Any, sql: str, *_context: Any) -> None:
            executed.append(sql)

        event.listen(engine, "before_cursor_execute", record)
        assert load(*rows, publish=True).count(RowEffect.PUBLISHED) == len(rows)
        event.remove(engine, "before_cursor_execute", record)
        return len(executed)

    rows = [{**VALID_ROW, "id": f"S{number}", "note": ""} for number in range(12)]
    # Each is one transaction; the first one also reads the vocabularies.
    count_statements(rows[:1])
    assert count_statements(rows[2:]) - count_statements(rows[1:2]) <= 9 * 17


def test_the_same_id_with_other_content_is_refused(
    load: Callable[..., ImportReport], engine: Engine
) -> None:
    other = {**VALID_ROW, "resume": "Autre chose"}
    report = load(VALID_ROW, other)
    assert [(row.number, fault.key) for row, fault in report.faults] == [(3, "id_twice")]
    report = load(other)
    assert [(row.number, fault.key) for row, fault in report.faults] == [(2, "id_changed")]
    assert count_cases(engine) == 1


def test_a_truncated_row_is_reported(load: Callable[..., ImportReport]) -> None:
    whole = csv_text(VALID_ROW, {**VALID_ROW, "id": "A2"})
    report = load(raw=whole[: whole.rindex(",note interne")])
    assert [(row.number, fault.key) for row, fault in report.faults] == [(3, "row_width")]
    assert new_cases(report) == 1


# --- the file as a whole ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        (b"", "import_file_empty"),
        (b"\n\n", "import_file_empty"),
        (csv_text({**VALID_ROW, "resume": "été"}).encode() + b"\xe9", "import_file_encoding"),
        (csv_text(VALID_ROW, columns=(*COLUMNS, "prix")).encode(), "import_column_unknown"),
        (csv_text({}, columns=COLUMNS[1:]).encode(), "import_column_missing"),
        (csv_text({}, columns=(*COLUMNS, "id")).encode(), "import_column_twice"),
        (csv_text({}, columns=(*COLUMNS, *["conteste"] * 2)).encode(), "import_column_twice"),
        (csv_text(VALID_ROW).encode() + b'A2,"une citation jamais ferm', "import_file_cut"),
    ],
    ids=["empty", "blank", "damaged", "unknown", "missing", "twice", "optional", "cut"],
)
def test_a_file_that_cannot_be_read_changes_nothing(
    raw: bytes, key: str, load: Callable[..., ImportReport], engine: Engine
) -> None:
    before = count_lines(engine)
    with pytest.raises(Invalid) as refused:
        load(raw=raw)
    assert refused.value.key == key
    assert (count_lines(engine), count_cases(engine)) == (before, 0)


def test_a_missing_file_is_refused(engine: Engine, cast: Any, tmp_path: Path) -> None:
    with pytest.raises(Invalid) as refused:
        import_file(engine, tmp_path / "nulle-part.csv", by=cast.bruno)
    assert refused.value.key == "import_file_missing"


def test_a_flagged_draft_of_an_earlier_import_is_published_with_the_reason(
    load: Any, session: Session
) -> None:
    row = {**VALID_ROW, "resume": "Selon le blog, joindre le 06 12 34 56 78."}
    load(row)
    assert load(row, publish=True).count(RowEffect.PUBLISHED) == 1
    newest = session.scalars(select(Revision).order_by(Revision.id.desc())).first()
    assert newest
    assert [row.reason for row in parse_reasons(newest.flags_reason)] == ["repris de la presse"]
