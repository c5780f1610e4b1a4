"""Edits of an editorial page and the return to its shipped text: access, revisions and lines."""

from __future__ import annotations

import hashlib
import json
from shutil import copytree

import pytest
from ledger_lines import lines_since
from sqlalchemy import func, select

from register.cases.data_version import read_data_version
from register.config import LEGAL_FIELDS
from register.errors import Invalid, NotFound, Refused, TextError
from register.pages import acts, content
from register.pages.content import PageRevision

pytestmark = pytest.mark.one_database

TEXT = "Un texte de l’association.\n\n## Ici {#ici}\n\nÉcrivez à {contact_email}."


@pytest.fixture
def save(pen, cast):
    """``save(text, seen=0)``: Ada edits the page Suivre."""

    def save_page(
        text=TEXT, *, page="suivre", title="Suivre", by=None, reason="mise à jour", seen=0
    ):
        with pen() as p:
            return acts.save_page(
                p, page, title, text, by=by or cast.ada, reason=reason, seen_revision=seen
            ).id

    return save_page


@pytest.fixture
def restore(pen, cast):
    def restore_page(seen, *, page="suivre", by=None, reason="retour"):
        with pen() as p:
            return acts.restore_page(
                p, page, by=by or cast.ada, reason=reason, seen_revision=seen
            ).id

    return restore_page


def current_page(session, page="suivre"):
    session.rollback()
    return content.current_page(session, page)


def test_readers_see_the_edited_text_and_after_the_return_the_shipped_text(save, restore, session):
    shipped = content.shipped_page("suivre")
    assert current_page(session).html == shipped.html
    first = save()
    page = current_page(session)
    assert '<h2 id="ici">Ici</h2>' in page.html
    assert "{contact_email}" in page.html, "settings are filled in when the page is shown"
    restore(first)
    assert current_page(session) == shipped
    assert [row.shipped for row in content.page_revisions(session, "suivre")] == [True, False]


def test_a_page_returned_to_its_shipped_text_follows_later_versions(
    save, restore, session, monkeypatch, tmp_path
):
    restore(save())
    copytree(content.FOLDER, tmp_path, dirs_exist_ok=True)
    (tmp_path / "fr" / "suivre.md").write_text("# Plus tard\n\nUn nouveau texte.\n", "utf-8")
    monkeypatch.setattr(content, "FOLDER", tmp_path)
    content.shipped_source.cache_clear()
    content.shipped_page.cache_clear()
    try:
        assert (current_page(session).title, current_page(session).html) == (
            "Plus tard",
            "<p>Un nouveau texte.</p>",
        )
    finally:
        monkeypatch.undo()
        content.shipped_source.cache_clear()
        content.shipped_page.cache_clear()


def test_the_public_line_of_an_edit_seals_the_text_and_does_not_say_who(
    save, restore, session, cast
):
    first = save()
    second = restore(first)
    session.rollback()
    shipped = (content.FOLDER / "fr" / "suivre.md").read_bytes()
    sources = (f"# Suivre\n\n{TEXT}\n".encode(), shipped)
    lines = lines_since(session, 1)
    for line, revision, source in zip(lines, (first, second), sources, strict=True):
        public, private = json.loads(line.public_json), json.loads(line.private_json)
        assert public["act"] == "page_changed"
        assert public["texts"] == {"suivre.md": hashlib.sha256(source).hexdigest()}
        assert b'"by"' not in line.public_json
        assert (private["page"], private["version"], private["by"]) == (
            "suivre",
            revision,
            cast.ada,
        )
        assert b"association" not in line.private_json + line.public_json


@pytest.mark.parametrize("name", ["bruno", "driss"])
def test_only_an_administrator_edits_a_page(name, save, restore, cast, session):
    first = save()
    member_id = getattr(cast, name)
    with pytest.raises(Refused):
        save("Autre chose.", by=member_id, seen=first)
    with pytest.raises(Refused):
        restore(first, by=member_id)
    session.rollback()
    assert session.scalar(select(func.count()).select_from(PageRevision)) == 1


def test_the_second_of_two_concurrent_changes_is_refused(save, restore):
    first = save()
    for late in (
        lambda: save("Autre chose."),
        lambda: save("Autre chose.", seen=first + 1),
        lambda: restore(0),
    ):
        with pytest.raises(Refused) as refused:
            late()
        assert refused.value.key == "page_changed_meanwhile"
    assert save("Autre chose.", seen=first) > first


def test_a_change_that_changes_nothing_is_refused(save, restore):
    shipped = content.shipped_page("suivre")
    with pytest.raises(Refused) as refused:
        save(shipped.text, title=shipped.title)
    assert refused.value.key == "page_same"
    with pytest.raises(Refused) as refused:
        restore(0)
    assert refused.value.key == "page_shipped"
    first = save()
    with pytest.raises(Refused) as refused:
        save(seen=first)
    assert refused.value.key == "page_same"
    second = restore(first)
    with pytest.raises(Refused) as refused:
        restore(second)
    assert refused.value.key == "page_shipped"


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"title": " "}, "page_empty"),
        ({"title": "t" * (acts.TITLE_LIMIT + 1)}, "text_too_long"),
        ({"text": "\n"}, "page_empty"),
        ({"text": "t" * (acts.TEXT_LIMIT + 1)}, "text_too_long"),
        ({"reason": ""}, "page_empty"),
        ({"reason": "r" * (acts.REASON_LIMIT + 1)}, "text_too_long"),
        ({"text": "Écrivez à {personne}."}, "page_marker"),
        ({"text": "Voici {types} en ligne."}, "page_marker"),
        ({"text": "## A {#a}\n\n## B {#a}"}, "page_anchor"),
    ],
)
def test_an_invalid_page_text_is_refused_with_its_reason(changes, key, save, session):
    with pytest.raises(Invalid) as refused:
        save(**changes)
    assert refused.value.key == key
    assert content.newest_revision(session, "suivre") is None


def test_a_text_that_renders_slowly_is_refused(save):
    with pytest.raises(TextError):
        save("[" * 40_000)


def test_an_unknown_editorial_page_is_not_found(save):
    with pytest.raises(NotFound):
        save(page="nulle-part")


@pytest.mark.parametrize("name", LEGAL_FIELDS)
def test_the_legal_notice_needs_every_legal_marker(name, save):
    shipped = content.shipped_page("mentions-legales")
    with pytest.raises(Invalid) as refused:
        save(shipped.text.replace(f"{{{name}}}", ""), page="mentions-legales")
    assert refused.value.key == "page_marker_missing"
    assert refused.value.values["words"] == f"{{{name}}}"
    assert save(shipped.text + "\n\nUn mot de plus.", page="mentions-legales")


def test_a_revision_of_another_page_is_not_found(save, session):
    first = save()
    assert content.get_revision(session, "suivre", first).title == "Suivre"
    for page, revision in (("methode", first), ("suivre", first + 1)):
        with pytest.raises(NotFound):
            content.get_revision(session, page, revision)


def test_each_page_has_its_own_newest_revision(save, session):
    first, other = save(), save(page="methode", title="Méthode")
    last = save("Autre chose.", seen=first)
    session.rollback()
    newest = content.newest_revisions(session)
    assert {name: row.id for name, row in newest.items()} == {"suivre": last, "methode": other}
    assert [row.id for row in content.page_revisions(session, "suivre")] == [last, first]


def test_every_change_of_a_page_changes_the_data_version(save, restore, session):
    versions = [read_data_version(session).pages]
    first = save()
    for change in (lambda: None, lambda: restore(first)):
        change()
        session.rollback()
        versions.append(read_data_version(session).pages)
    assert versions[0] == ""
    assert len(set(versions)) == len(versions)
