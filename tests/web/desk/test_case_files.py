"""Pages of a case's files over HTTP: list, editor of a copy, what was looked at, removal."""

from __future__ import annotations

import io
import re

import pytest
from case_files import MARKER, picture
from PIL import Image
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from register.cases import copies
from register.cases.case_evidence import case_evidence
from register.cases.copies import FileCopy
from register.cases.copy_storage import CaseCopy, CopyOrder, CopyState
from register.cases.web.desk.copy_edit_form import sent_fields, stored_fields, typed_time
from register.db import db
from register.journal import Act, JournalEntry

pytestmark = pytest.mark.one_database

LIST = "/moderation/dossiers"
MASK = {"m0-0-x": "25", "m0-0-y": "25,5", "m0-0-w": "25 %", "m0-0-h": "24.5", "m0-0-style": "black"}
AREA = {"left": 0.25, "top": 0.255, "right": 0.5, "bottom": 0.5}


@pytest.fixture
def with_copy(desk, case_files):
    """A draft with a picture, and the copy of it; the case, and the address of the file."""
    case = desk.draft()
    evidence = case_files.added(case.id)
    case_files.copied(case.id, evidence)
    return case, f"{LIST}/{case.id}/pieces/{evidence}"


def _page(answer, status=200):
    assert answer.status_code == status
    return answer.get_data(as_text=True).replace("\u00a0", " ").replace("\u202f", " ")


@pytest.fixture
def views(session, store):
    def read(incident_id):
        session.rollback()
        (versions,) = copies.file_copies(session, store, incident_id).values()
        return versions

    return read


def test_a_member_asks_for_a_copy_and_reads_where_it_stands(desk, case_files, signed):
    case, bruno = desk.draft(), signed("bruno")
    evidence = case_files.added(case.id, name="bulletin.jpg")
    address = f"{LIST}/{case.id}/pieces"
    page = _page(bruno.get(address))
    assert "bulletin.jpg" in page
    assert "Sous scellé, sans copie." in page
    # The label of the field leads to it alone.
    assert page.count('id="fichiers"') == 1
    answer = bruno.send(f"{address}/{evidence}/copier")
    assert (answer.status_code, answer.location) == (303, f"{address}/{evidence}/copie")
    assert "La copie se prépare." in _page(bruno.get(answer.location))
    assert "data-coming" in _page(bruno.get(address))
    case_files.work()
    db.session.rollback()
    page = _page(bruno.get(address))
    assert "une page est à regarder" in page
    assert "data-coming" not in page


def test_a_failed_copy_says_why(desk, case_files, signed):
    case = desk.draft()
    case_files.copied(case.id, case_files.added(case.id, picture()[:700]))
    page = _page(signed("bruno").get(f"{LIST}/{case.id}/pieces"))
    assert "le fichier est abîmé" in page
    assert "Essayer de nouveau" in page


def test_typed_numbers_mask_the_copy(with_copy, case_files, signed, views):
    case, address = with_copy
    bruno = signed("bruno")
    answer = bruno.send(f"{address}/copie", MASK)
    assert (answer.status_code, answer.location) == (303, f"{address}/copie")
    case_files.work()
    masked, _base = views(case.id)
    (mask,) = masked.order.edits["masks"]
    assert (mask["style"], mask["area"]) == ("black", AREA)
    content = bruno.get(f"{LIST}/{case.id}/pieces/{masked.pages[0].sha256}")
    assert content.headers["Cache-Control"] == "no-store"
    image = Image.open(io.BytesIO(content.data))
    assert max(image.getpixel((120, 75))) < 20
    assert MARKER not in content.data
    page = _page(bruno.get(f"{address}/copie"))
    assert 'name="m0-0-y" value="25.5"' in page


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        (MASK | {"m0-0-w": "large"}, "Donnez quatre nombres"),
        (MASK | {"m0-0-x": "101"}, "Donnez quatre nombres"),
        (MASK | {"m0-0-x": "100"}, "vide, ou hors de l’image"),
        (MASK | {"m0-0-w": "0"}, "vide, ou hors de l’image"),
        ({"k0-de": "0:20", "k0-a": "0:10"}, "Écrivez deux temps"),
        ({"k0-de": "tout", "k0-a": ""}, "Écrivez deux temps"),
        ({"passages": "absent du texte"}, "n’est pas dans le texte"),
    ],
)
def test_a_wrong_number_is_said_and_nothing_is_lost(with_copy, signed, session, fields, fault):
    _case, address = with_copy
    page = _page(signed("bruno").send(f"{address}/copie", fields), 422)
    assert fault in page
    for name, typed in fields.items():
        if name in ("m0-0-x", "m0-0-w"):
            assert f'name="{name}" value="{typed}"' in page
    session.rollback()
    assert len(session.scalars(select(CaseCopy)).all()) == 1


def test_a_copy_counts_as_looked_at_once_every_page_is(with_copy, signed, views, session, cast):
    case, address = with_copy
    (copy,) = views(case.id)
    chloe = signed("chloe")
    assert "Cochez les pages" in _page(chloe.send(f"{address}/regarder"), 422)
    assert chloe.send(f"{address}/regarder", page="0" * 32).status_code == 404
    answer = chloe.send(f"{address}/regarder", page=copy.pages[0].key)
    assert answer.status_code == 303
    page = _page(chloe.get(f"{address}/copie"))
    assert "a été regardée par chloe" in page
    assert views(case.id)[0].is_looked
    # A second click changes nothing.
    assert chloe.send(f"{address}/regarder", page=copy.pages[0].key).status_code == 422
    lines = session.scalars(
        select(JournalEntry).where(JournalEntry.act == Act.COPY_PAGE_REVIEWED)
    ).all()
    assert [line.member_id for line in lines] == [cast.chloe]


def test_a_file_is_removed_for_a_reason(with_copy, signed, session):
    case, address = with_copy
    bruno = signed("bruno")
    assert "Choisissez un motif" in _page(bruno.send(f"{address}/retirer", quoi="copies"), 422)
    assert bruno.send(f"{address}/retirer", quoi="copies", motif="erreur").status_code == 303
    assert "sans copie" in _page(bruno.get(f"{LIST}/{case.id}/pieces"))
    assert bruno.send(f"{address}/retirer", quoi="fichier", motif="doublon").status_code == 303
    assert "n’a pas de fichier" in _page(bruno.get(f"{LIST}/{case.id}/pieces"))
    assert bruno.get(f"{address}/copie").status_code == 404


def test_a_stranger_sees_no_copy(with_copy, views, app, desk, case_files):
    client = app.test_client()
    case, address = with_copy
    digest = views(case.id)[0].pages[0].sha256
    paths = (f"{LIST}/{case.id}/pieces", f"{address}/copie", f"{LIST}/{case.id}/pieces/{digest}")
    for path in paths:
        assert client.get(path).status_code in (302, 303, 403)
    for number in (case.id, 1, 2):
        assert client.get(f"/incidents/{number}/pieces/{digest}").status_code == 404
    # Nor once the case is public without it.
    public = desk.published()
    case_files.copied(public.id, case_files.added(public.id))
    assert client.get(f"/incidents/{public.number}/pieces/{digest}").status_code == 404


# --- the fields -------------------------------------------------------------------------------


def test_stored_edits_come_back_as_they_were_typed():
    text = "Un nom, puis un autre nom."
    fields = sent_fields(
        MultiDict(
            [
                *MASK.items(),
                ("m0-1-x", ""),
                ("m2-0-x", "10"),
                ("m2-0-y", "10"),
                ("m2-0-w", "200"),
                ("c1-x", "0"),
                ("c1-y", "0"),
                ("c1-w", "50"),
                ("c1-h", "100"),
                ("retirer", "3"),
                ("retirer", "x"),
                ("k4-de", "0:10"),
                ("k4-a", "1:02.5"),
                ("u0-de", ""),
                ("u0-a", "3"),
                ("passages", "nom\n\n"),
            ]
        )
    )
    assert fields.edits(text)
    assert [field for field, _sentence in fields.faults] == ["m2-0-x"]
    del fields.masks[2]
    fields.faults.clear()
    edits = fields.edits(text)
    assert not fields.faults
    assert edits == {
        "masks": [{"page": 0, "style": "black", "area": AREA, "interval": None}],
        "crops": [{"page": 1, "area": {"left": 0, "top": 0, "right": 0.5, "bottom": 1}}],
        "dropped_pages": [3],
        "cuts": [{"start": 10, "end": 62.5}],
        "mutes": [{"start": 0, "end": 3}],
        "passages": [{"start": 3, "end": 6}, {"start": 22, "end": 25}],
    }
    copy = FileCopy("a", CopyState.READY, CopyOrder("application/pdf", "", edits))
    stored = stored_fields(copy, text)
    assert stored.edits(text) == edits
    assert stored.cuts == [("0:10", "1:02.5")]
    assert stored.passages == "nom"
    assert typed_time(3725.25) == "62:05.25"


# --- uploads ----------------------------------------------------------------------------------

UPLOAD = "/moderation/pieces/avec-fichiers"


def _send_files(member, case_id, *files):
    fields = [("dossier", str(case_id))]
    fields += [("fichiers_choisis", (io.BytesIO(content), name)) for name, content in files]
    return member.send(UPLOAD, fields)


def test_a_member_adds_files_that_are_sealed_as_they_come(desk, signed, session, case_files, store):
    case, bruno = desk.draft(), signed("bruno")
    assert f'action="{UPLOAD}"' in _page(bruno.get(f"{LIST}/{case.id}/pieces"))
    original = picture()
    answer = _send_files(bruno, case.id, ("a.jpg", original), ("b.txt", b"Un mot."))
    assert (answer.status_code, answer.location) == (303, f"{LIST}/{case.id}/pieces")
    page = _page(bruno.get(answer.location))
    assert "2 fichiers ajoutés." in page
    assert "a.jpg" in page
    session.rollback()
    (_row, first), (_other, second) = case_evidence(session, store, case.id)
    assert (first.name, second.name) == ("a.jpg", "b.txt")
    with case_files.files.open(first) as file:
        assert io.BufferedReader(file).read() == original


def test_a_file_sent_in_parts_is_added_once(desk, signed, session, case_files, store):
    case, other, bruno, original = desk.draft(), desk.draft(), signed("bruno"), picture()
    page = bruno.get(f"{LIST}/{case.id}/pieces").get_data(as_text=True)
    assert 'data-uploads="/signaler/fichiers"' in page
    form_token = re.search(r'name="jeton" type="hidden" value="([^"]+)"', page)[1]

    def step(name, **fields):
        return bruno.client.post(f"/signaler/fichiers/{name}", data=fields).json

    size = str(len(original))
    upload = step("commencer", jeton=form_token, nom="a.jpg", taille=size)["envoi"]
    step("partie", envoi=upload, rang="0", partie=(io.BytesIO(original), "blob"))
    token = step("finir", envoi=upload)["fichier"]
    answer = bruno.send(UPLOAD, dossier=str(case.id), fichiers=token)
    assert (answer.status_code, answer.location) == (303, f"{LIST}/{case.id}/pieces")
    assert "1 fichier ajouté." in _page(bruno.get(answer.location))
    # A second click, and the same file by the ordinary form.
    for again in (
        lambda: bruno.send(UPLOAD, dossier=str(case.id), fichiers=token),
        lambda: _send_files(bruno, case.id, ("b.jpg", original)),
    ):
        answer = again()
        assert answer.status_code == 303
        assert "Déjà dans le dossier" in _page(bruno.get(answer.location))
    session.rollback()
    [(_row, file)] = case_evidence(session, store, case.id)
    with case_files.files.open(file) as sealed:
        assert io.BufferedReader(sealed).read() == original
    added = select(JournalEntry).where(JournalEntry.act == Act.EVIDENCE_ADDED)
    assert len(session.scalars(added).all()) == 1
    # A token serves one case.
    assert bruno.send(UPLOAD, dossier=str(other.id), fichiers=token).status_code == 409
    assert bruno.send(UPLOAD, dossier=str(case.id), fichiers="faux").status_code == 422


def test_a_refused_file_is_named_and_leaves_nothing(desk, signed, session, case_files, store):
    case, merged, bruno = desk.draft(), desk.merged(), signed("bruno")
    page = _page(_send_files(bruno, case.id, ("page.html", b"<html><script>x</script>")), 422)
    assert "page.html" in page
    assert "ne prend pas cette sorte de fichier" in page
    assert "Choisissez au moins un fichier." in _page(_send_files(bruno, case.id), 422)
    assert _send_files(bruno, merged.id, ("a.jpg", picture())).status_code == 409
    assert _send_files(bruno, 999, ("a.jpg", picture())).status_code == 404
    session.rollback()
    assert case_evidence(session, store, case.id) == []
    assert [*case_files.files.store.pending()] == []


def test_a_strangers_files_are_not_read(desk, app, cast, signed, case_files):
    case = desk.draft()
    client = app.test_client()
    answer = client.post(
        UPLOAD, data={"dossier": str(case.id), "fichiers_choisis": (io.BytesIO(picture()), "a.jpg")}
    )
    assert (answer.status_code, answer.location) == (303, "/compte/connexion")
    # Nor is a form of another site, which has no token.
    bruno = signed("bruno")
    fields = {"dossier": str(case.id), "fichiers_choisis": (io.BytesIO(picture()), "a.jpg")}
    assert bruno.client.post(UPLOAD, data=fields).status_code == 403
    page = _page(bruno.get(f"{LIST}/{case.id}/pieces"))
    assert "n’a pas de fichier" in page
