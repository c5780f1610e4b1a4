"""One door for each thing that changes, and a journal line for whatever goes through it.

``docs/proofs.md`` tells how each rule here was seen to fail on purpose; the tests at the end do
it again on made-up sources.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from register.incidents import acts
from register.journal import Ledger, head
from register.members import accounts, invitations
from register.members.models import Role

TOP = Path(__file__).resolve().parent.parent
MODULES = sorted((TOP / "register").rglob("*.py"))


@dataclass(frozen=True)
class Door:
    """What may be changed in few places only: columns, models, tables; and which places."""

    name: str
    places: tuple[str, ...]
    columns: frozenset[str]
    models: frozenset[str]
    tables: frozenset[str]


DOORS = (
    Door(
        "a case",
        (
            "register/incidents/acts/",
            "register/incidents/writing.py",
            "register/incidents/former.py",
        ),
        frozenset(
            {
                "state",
                "number",
                "restriction",
                "merged_into",
                "first_published_at",
                "moved_at",
                "revision_id",
                "single_review",
            }
        ),
        frozenset(
            {
                "Incident",
                "Revision",
                "Approval",
                "Invitation",
                "FollowUp",
                "Reply",
                "Correction",
                "Note",
                "Proceeding",
                "ProceedingStep",
                "IncidentType",
                "IncidentPlace",
                "Outlet",
                "SourceUse",
                "CaseLink",
                "InformationRequest",
                "FormerCode",
            }
        ),
        frozenset(
            {
                "incident",
                "revision",
                "approval",
                "reply",
                "correction",
                "follow_up",
                "former_code",
            }
        ),
    ),
    Door(
        "an account",
        (
            "register/members/accounts.py",
            "register/members/invitations.py",
            # Uses a code up, which is no change of the account.
            "register/members/proving.py",
        ),
        frozenset(
            {"password_hash", "disabled_at", "role", "totp_secret", "totp_step", "closed_at"}
        ),
        frozenset({"Member", "MemberInvitation", "RecoveryCode"}),
        frozenset({"member", "member_invitation", "recovery_code"}),
    ),
    Door(
        "a journal line",
        ("register/journal/pen.py",),
        frozenset({"digest", "seq", "public_json", "private_json", "private_salt"}),
        frozenset({"Entry", "Head"}),
        frozenset({"journal_entry", "journal_head"}),
    ),
)

# Who writes lines: the acts on cases, those on accounts, and the register's first line.
SCRIBES = (
    "register/incidents/acts/",
    "register/members/accounts.py",
    "register/members/invitations.py",
    "register/operations/opening.py",
)

# Who writes outside the journal, and what: nothing that anybody did to a case or an account.
HOUSEKEEPERS = {
    "register/members/proving.py": "failed sign-ins, and codes that were used",
    "register/operations/opening.py": "identity, ledgers, vocabularies and territory of a release",
    "register/web/members.py": "sign-in sessions: opened, used, closed",
}

_STATEMENT = re.compile(
    r"\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|DROP\s+TABLE|ALTER\s+TABLE)\s+\"?(\w+)", re.IGNORECASE
)


def changes(door: Door, source: str) -> list[str]:
    """Where a source changes what belongs behind a door, each as a few words."""
    return [found for node in ast.walk(ast.parse(source)) for found in _changes(door, node)]


def _changes(door: Door, node: ast.AST) -> Iterator[str]:
    for target in _targets(node):
        # An object's own field of that name is no column: ``self.state = …`` in a class of ours.
        own = isinstance(target.value, ast.Name) and target.value.id == "self"
        if target.attr in door.columns and not own:
            yield f"line {target.lineno}: .{target.attr} ="
    if isinstance(node, ast.Call):
        yield from _calls(door, node)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        for table in _STATEMENT.findall(node.value):
            if table.lower() in door.tables:
                yield f"line {node.lineno}: SQL on {table}"


def _targets(node: ast.AST) -> Iterator[ast.Attribute]:
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AugAssign | ast.AnnAssign | ast.For):
        targets = [node.target]
    elif isinstance(node, ast.Delete):
        targets = node.targets
    for target in targets:
        for part in ast.walk(target):
            if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store | ast.Del):
                yield part


def _calls(door: Door, node: ast.Call) -> Iterator[str]:
    called = _name(node.func)
    first = _name(node.args[0]) if node.args else ""
    if called in door.models:
        yield f"line {node.lineno}: {called}(…)"
    if called in ("insert", "update", "delete") and first in door.models:
        yield f"line {node.lineno}: {called}({first})"
    if called == "setattr" and len(node.args) == 3:
        name = node.args[1]
        if isinstance(name, ast.Constant) and name.value in door.columns:
            yield f"line {node.lineno}: setattr(…, {name.value!r})"


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def calls(name: str, source: str) -> bool:
    """Whether a source calls something of that name."""
    return any(
        isinstance(node, ast.Call) and _name(node.func) == name
        for node in ast.walk(ast.parse(source))
    )


def _where(path: Path) -> str:
    return path.relative_to(TOP).as_posix()


# A migration changes tables as they were on a day, and goes through no act of today.
CHECKED = [path for path in MODULES if "migrations" not in path.parts]


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_nothing_changes_elsewhere(door):
    found = {
        _where(path): told
        for path in CHECKED
        if not _where(path).startswith(door.places)
        and (told := changes(door, path.read_text("utf-8")))
    }
    assert found == {}


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_the_door_itself_is_where_we_think(door):
    """A guard that watches an empty place watches nothing."""
    told = [
        path
        for path in CHECKED
        if _where(path).startswith(door.places) and changes(door, path.read_text("utf-8"))
    ]
    assert told


def test_lines_are_written_by_the_acts_only():
    found = [_where(path) for path in CHECKED if calls("record", path.read_text("utf-8"))]
    assert [place for place in found if not place.startswith(SCRIBES)] == []


def test_only_the_housekeepers_write_outside_the_journal():
    found = {_where(path) for path in CHECKED if calls("housekeeping", path.read_text("utf-8"))}
    assert found == set(HOUSEKEEPERS)


# --- every act leaves a line -------------------------------------------------------------------


def _ready(desk, cast):
    return desk.ready().id


def _held(desk, cast):
    filed = desk.ready()
    with desk.pen() as p:
        acts.claim(p, filed.id, by=cast.bruno)
    return filed.id


def _published(desk, cast):
    return desk.published().id


def _withdrawn(desk, cast):
    return desk.withdrawn().id


def _reply(desk, cast):
    return desk.received_reply(desk.published())


ATTEST = ("attribution", "no_private_person", "no_private_life")
# For each act: what it is done to, and how. An act without its line here makes a test red.
EACH = {
    "draft": (
        lambda desk, cast: None,
        lambda p, _, c, t: acts.draft(p, t(), by=c.bruno, reason="r"),
    ),
    "edit": (_ready, lambda p, i, c, t: acts.edit(p, i, t(title="t"), by=c.bruno, reason="r")),
    "discard": (_ready, lambda p, i, c, t: acts.discard(p, i, by=c.bruno)),
    "invite": (_ready, lambda p, i, c, t: acts.invite(p, i, "courriel", by=c.bruno)),
    "claim": (_ready, lambda p, i, c, t: acts.claim(p, i, by=c.bruno)),
    "release": (_held, lambda p, i, c, t: acts.release(p, i, by=c.bruno)),
    "note": (_ready, lambda p, i, c, t: acts.note(p, i, "à vérifier", by=c.bruno)),
    "approve": (_ready, lambda p, i, c, t: acts.approve(p, i, by=c.ada)),
    "publish": (
        _ready,
        lambda p, i, c, t: acts.publish(p, i, by=c.bruno, reason="r", attested=ATTEST),
    ),
    "follow_up": (
        _published,
        lambda p, i, c, t: acts.follow_up(p, i, by=c.bruno, reason="r", title="t", text="t"),
    ),
    "receive_reply": (
        _published,
        lambda p, i, c, t: acts.receive_reply(
            p,
            i,
            by=c.bruno,
            author="a",
            capacity="c",
            text="t",
            received_on=date(2026, 3, 2),
        ),
    ),
    "reply": (_reply, lambda p, i, c, t: acts.reply(p, i, by=c.bruno, reason="r")),
    "refuse_reply": (_reply, lambda p, i, c, t: acts.refuse_reply(p, i, by=c.bruno, refusal="r")),
    "correct": (
        _published,
        lambda p, i, c, t: acts.correct(
            p, i, t(title="t"), by=c.bruno, reason="r", public_note="n"
        ),
    ),
    "redact": (
        _published,
        lambda p, i, c, t: acts.redact(p, i, t(title="t"), by=c.bruno, reason="r", public_note="n"),
    ),
    "withdraw": (
        _published,
        lambda p, i, c, t: acts.withdraw(p, i, by=c.bruno, restriction="erreur", reason="r"),
    ),
    "restore": (
        _withdrawn,
        lambda p, i, c, t: acts.restore(p, i, by=c.bruno, reason="r", attested=ATTEST),
    ),
    "merge": (
        lambda desk, cast: desk.published().id and desk.published().id,
        lambda p, i, c, t: acts.merge(p, i, into=1, by=c.bruno, reason="r"),
    ),
    "erase": (
        _published,
        lambda p, i, c, t: acts.erase(p, i, by=c.ada, restriction="erreur", single=True),
    ),
}
# Which of them readers may know of.
TOLD_TO_ALL = {
    "publish",
    "follow_up",
    "reply",
    "correct",
    "redact",
    "withdraw",
    "restore",
    "merge",
    "erase",
}
PHRASE = "une-tout-autre-phrase"
KEY = bytes(32)
ACCOUNTS = {
    "add": lambda p, c: accounts.add(p, "amina@register.test", Role.MODERATOR, PHRASE),
    "disable": lambda p, c: accounts.disable(p, c.bruno, by=c.ada),
    "enable": lambda p, c: accounts.enable(p, c.driss, by=c.ada),
    "reset": lambda p, c: accounts.reset(p, c.email("driss"), PHRASE),
    "set_role": lambda p, c: accounts.set_role(p, c.bruno, Role.ADMINISTRATOR, by=c.ada),
    "change_password": lambda p, c: accounts.change_password(p, c.bruno, PHRASE),
    "set_factor": lambda p, c: accounts.set_factor(p, c.bruno, "A" * 32, KEY, ["a"], 1),
    "renew_codes": lambda p, c: accounts.renew_codes(p, c.chloe, ["a", "b"]),
    "reset_factor": lambda p, c: accounts.reset_factor(p, c.chloe, by=c.ada),
    "invite": lambda p, c: invitations.invite(p, "a@register.test", Role.MODERATOR, by=c.ada),
    "take_back": lambda p, c: invitations.take_back(p, 1, by=c.ada),
    "accept": lambda p, c: invitations.accept(p, TOKENS[-1], "Amina", PHRASE),
}
# Of the two modules, what only looks; and the way in before there is any account.
QUESTIONS = {"acting", "administering", "named", "exists", "everyone", "names", "codes_left"}
QUESTIONS |= {"address", "pending", "opened", "first"}
TOKENS: list[str] = []


@pytest.fixture
def accounted(pen, cast):
    """Chloé has a second factor, and somebody is invited."""
    with pen() as p:
        accounts.set_factor(p, cast.chloe, "A" * 32, KEY, ["a"], 1)
        TOKENS.append(invitations.invite(p, "z@register.test", Role.MODERATOR, by=cast.ada))
    return cast


def _heads(session):
    session.rollback()
    return {ledger: head(session, ledger).seq for ledger in Ledger}


def test_every_act_is_tried_here():
    assert set(EACH) == set(acts.__all__)
    public = {
        name
        for module in (accounts, invitations)
        for name, what in vars(module).items()
        if callable(what)
        and not name.startswith("_")
        and getattr(what, "__module__", "") == module.__name__
    }
    assert set(ACCOUNTS) == public - QUESTIONS


@pytest.mark.parametrize("name", EACH)
def test_an_act_leaves_a_line_in_its_ledger(name, pen, desk, cast, content, session):
    prepare, do = EACH[name]
    subject = prepare(desk, cast)
    before = _heads(session)
    with pen() as p:
        do(p, subject, cast, content)
    after = _heads(session)
    ledger = Ledger.PUBLIC if name in TOLD_TO_ALL else Ledger.DESK
    assert after == before | {ledger: before[ledger] + 1}


@pytest.mark.parametrize("name", ACCOUNTS)
def test_a_change_of_an_account_leaves_a_line_on_the_desk(name, pen, accounted, session):
    before = _heads(session)
    with pen() as p:
        ACCOUNTS[name](p, accounted)
    assert _heads(session) == before | {Ledger.DESK: before[Ledger.DESK] + 1}


# --- the guards themselves ---------------------------------------------------------------------

CASE, ACCOUNT, LINE = DOORS


@pytest.mark.parametrize(
    ("door", "source", "seen"),
    [
        (CASE, 'case.state = "published"', True),
        (CASE, "a.number, b = 3, 4", True),
        (CASE, "case.number += 1", True),
        (CASE, "for case.state in states: pass", True),
        (CASE, "del case.restriction", True),
        (CASE, 'setattr(case, "state", x)', True),
        (CASE, "update(Incident).values(x=1)", True),
        (CASE, "sa.delete(models.Revision)", True),
        (CASE, "session.add(Incident())", True),
        (CASE, 'text("UPDATE incident SET state = 1")', True),
        (CASE, 'text("delete from revision")', True),
        (CASE, "if case.state == State.DRAFT: pass", False),
        (CASE, "state = case.state", False),
        (CASE, "self.state = 1", False),
        (CASE, "select(Incident).where(Incident.number == 1)", False),
        (CASE, '"SELECT * FROM incident"', False),
        (ACCOUNT, "member.disabled_at = None", True),
        (ACCOUNT, "Member(email=x)", True),
        (ACCOUNT, "member.totp_secret = None", True),
        (ACCOUNT, "update(Member).values(totp_step=3)", True),
        (ACCOUNT, "session.add(RecoveryCode(member_id=3))", True),
        (ACCOUNT, "member.is_active", False),
        (LINE, "session.add(Entry(seq=1))", True),
        (LINE, "head.seq = 4", True),
        (LINE, "update(Head)", True),
        (LINE, "entry.seq + 1", False),
    ],
)
def test_the_guard_of_doors_sees(door, source, seen):
    assert bool(changes(door, source)) is seen


def test_the_guard_of_housekeeping_sees():
    assert calls("housekeeping", "with db.housekeeping(engine) as s: pass")
    assert not calls("housekeeping", "from register.db import housekeeping")
