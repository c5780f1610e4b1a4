"""Acts on cases that a restore does again: once, with a line that names the first one."""

from __future__ import annotations

import json

import attested_acts as acts
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases.acts import replays
from register.cases.case_evidence import case_key
from register.cases.cited_sources import digest
from register.cases.models import CaseState, Incident, SourceCopy
from register.cases.second_person import Destruction
from register.cases.verify import verify
from register.errors import Refused
from register.evidence.sealed_files import new_file
from register.journal import Act

pytestmark = pytest.mark.one_database
EVENT = "line of before"


@pytest.fixture(autouse=True)
def sound(engine):
    """At the end, the register agrees with its journal."""
    yield
    with Session(engine) as session:
        assert list(verify(session)) == []


def _origin(by):
    return {"by": by, "event": EVENT}


def test_a_case_is_erased_again_once(desk, pen, cast):
    case, draft = desk.published(), desk.draft()
    with pen() as p:
        line = replays.erase_again(p, case.id, **_origin(cast.ada))
        assert (line.act, line.member_id) == (Act.ERASED, cast.ada)
        assert json.loads(line.private_json)["again"] == EVENT
        # An account that the backup does not have.
        discarded = replays.erase_again(p, draft.id, **_origin(99))
        assert (discarded.act, discarded.member_id) == (Act.DISCARDED, cast.bruno)
    with pen() as p:
        assert replays.erase_again(p, case.id, **_origin(None)) is None
        assert p.load(Incident, case.id).state == CaseState.ERASED


@pytest.mark.parametrize("state", ["published", "merged"])
def test_a_public_case_is_withdrawn_again_once(desk, pen, cast, state):
    case, draft = getattr(desk, state)(), desk.draft()
    with pen() as p:
        line = replays.withdraw_again(p, case.id, "securite", **_origin(cast.bruno))
        assert line.act == Act.WITHDRAWN
        assert replays.withdraw_again(p, draft.id, "securite", **_origin(cast.bruno)) is None
    with pen() as p:
        assert p.load(Incident, case.id).restriction == "securite"
        assert replays.withdraw_again(p, case.id, "securite", **_origin(cast.bruno)) is None


def test_hidden_passages_are_destroyed_again_once(desk, pen, cast, content):
    case = desk.published()
    with pen() as p:
        shorter = content(summary="Le maire interdit de filmer.")
        acts.redact(p, case.id, shorter, by=cast.bruno, reason="r", public_note="n")
        destruction_id = p.session.scalars(select(Destruction.id)).one()
    with pen() as p:
        assert replays.destroy_again(p, destruction_id).act == Act.DESTROYED
    with pen() as p:
        assert replays.destroy_again(p, destruction_id) is None


def test_a_file_is_removed_again_but_from_a_public_case(desk, pen, cast, case_files):
    draft, public = desk.draft(), desk.published()
    key, public_key = case_files.added(draft.id), case_files.added(public.id)
    with pen() as p:
        line = replays.remove_file_again(p, key, "doublon", **_origin(cast.bruno))
        assert line.act == Act.EVIDENCE_REMOVED
        assert replays.remove_file_again(p, key, "doublon", **_origin(cast.bruno)) is None
        with pytest.raises(Refused, match="case_is_public"):
            replays.remove_file_again(p, public_key, "doublon", **_origin(cast.bruno))


def test_a_copy_of_a_source_is_dropped_again(desk, pen, cast, store, content):
    draft = desk.draft()
    file = new_file("copie.warc")
    source = digest(content().sources[0].url)
    with pen() as p:
        acts.add_source_copy(p, draft.id, source, file, case_key(store, draft.id), by=cast.bruno)
    with pen() as p:
        line = replays.drop_source_copy_again(p, file.file_id, **_origin(cast.bruno))
        assert line.act == Act.SOURCE_DROPPED
    with pen() as p:
        assert p.session.scalars(select(SourceCopy)).all() == []
        assert replays.drop_source_copy_again(p, file.file_id, **_origin(cast.bruno)) is None
