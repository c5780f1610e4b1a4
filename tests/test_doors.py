"""One door for each thing that changes, and a journal line for whatever goes through it.

``docs/proofs.md`` tells how each rule here was seen to fail on purpose; the tests at the end do
it again on made-up sources.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from case_contents import a_case
from cast import AT
from report_factory import CONTACT, a_report, nonce

from register.accounts import acts as accounts
from register.accounts import invitations
from register.accounts.models import Role
from register.cases import acts
from register.journal import Act, JournalEntry, Ledger, head
from register.pages import acts as editorial
from register.reports import acts as reports
from register.reports.models import MessageKind

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
    # Where the models stand, when other classes elsewhere have their names.
    home: str = ""
    # Columns that other rows have too: they are this door's where the row is so called.
    shared: frozenset[str] = frozenset()
    called: frozenset[str] = frozenset()


DOORS = (
    Door(
        "a case",
        ("register/cases/acts/", "register/cases/persistence.py", "register/cases/former_codes.py"),
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
                "destruction_id",
                "ending",
                "report_withdrawn",
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
                "PendingChange",
                "Destruction",
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
                "pending_change",
                "destruction",
            }
        ),
    ),
    Door(
        "a report",
        ("register/reports/acts/",),
        frozenset(
            {"receipt", "suspect", "news", "moved_on", "purge_on", "sealed", "contact", "decision"}
        ),
        frozenset({"Report", "Message", "RetainedReport", "Tally"}),
        frozenset({"report", "report_message", "report_kept", "report_tally"}),
        home="register.reports.models",
        shared=frozenset({"state", "reason", "digest", "held_by", "held_until"}),
        called=frozenset({"report"}),
    ),
    Door(
        "an account",
        (
            "register/accounts/acts.py",
            "register/accounts/invitations.py",
            "register/accounts/vouching.py",
            # Uses a code up, and counts a wrong one, which is no change of the account.
            "register/accounts/authentication.py",
            "register/accounts/sign_in_attempts.py",
        ),
        frozenset(
            {
                "vouches_from",
                "reopened_by",
                "password_hash",
                "disabled_at",
                "role",
                "totp_secret",
                "totp_step",
                "totp_whole_at",
                "closed_at",
            }
        ),
        frozenset({"Member", "MemberInvitation", "RecoveryCode"}),
        frozenset({"member", "member_invitation", "recovery_code"}),
    ),
    Door(
        "an editorial page",
        ("register/pages/acts.py",),
        frozenset({"shipped", "renderer", "mark"}),
        frozenset({"PageRevision"}),
        frozenset({"page_revision"}),
    ),
    Door(
        "a journal line",
        ("register/journal/transaction.py",),
        frozenset({"digest", "seq", "public_json", "private_json", "private_salt"}),
        frozenset({"JournalEntry", "LedgerHead"}),
        frozenset({"journal_entry", "journal_head"}),
    ),
)

# Who writes lines: the acts on cases and reports, those on accounts and pages, the first line.
SCRIBES = (
    "register/cases/acts/",
    "register/reports/acts/",
    "register/accounts/acts.py",
    "register/accounts/sessions.py",
    "register/accounts/invitations.py",
    "register/accounts/vouching.py",
    "register/pages/acts.py",
    "register/operations/setup.py",
)

# Who writes outside the journal, and what: nothing that anybody did to a case or an account.
HOUSEKEEPERS = {
    "register/accounts/authentication.py": "failed sign-ins, counted, and codes that were used",
    "register/operations/setup.py": "identity, ledgers, vocabularies and territory of a release",
    "register/reports/acts/purging.py": "the last day on which retention was looked at",
    "register/accounts/web/current_member.py": "sign-in sessions: last use, new token at a proof",
}

_STATEMENT = re.compile(
    r"\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|DROP\s+TABLE|ALTER\s+TABLE)\s+\"?(\w+)", re.IGNORECASE
)


def changes(door: Door, source: str) -> list[str]:
    """Where a source changes what belongs behind a door, each as a few words."""
    tree = ast.parse(source)
    models = _models(door, tree)
    return [found for node in ast.walk(tree) for found in _changes(door, models, node)]


def _models(door: Door, tree: ast.Module) -> frozenset[str]:
    """The models of a door as a source names them."""
    if not door.home:
        return door.models
    package, _, module = door.home.rpartition(".")
    taken = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    names = {alias.name for node in taken if node.module == door.home for alias in node.names}
    whole = any(node.module == package and module in _aliases(node) for node in taken)
    return door.models if whole else door.models & names


def _aliases(node: ast.ImportFrom) -> set[str]:
    return {alias.name for alias in node.names}


def _changes(door: Door, models: frozenset[str], node: ast.AST) -> Iterator[str]:
    for target in _targets(node):
        if _is_behind(door, target.attr, _name(target.value)):
            yield f"line {target.lineno}: .{target.attr} ="
    if isinstance(node, ast.Call):
        yield from _calls(door, models, node)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        for table in _STATEMENT.findall(node.value):
            if table.lower() in door.tables:
                yield f"line {node.lineno}: SQL on {table}"


def _is_behind(door: Door, column: str, row: str) -> bool:
    """Whether a column of a row that is called so belongs behind a door."""
    # An object's own field of that name is no column: ``self.state = …`` in a class of ours.
    if row == "self":
        return False
    if column in door.shared:
        return row in door.called
    others = (other for other in DOORS if row in other.called and column in other.shared)
    return column in door.columns and not any(others)


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


def _calls(door: Door, models: frozenset[str], node: ast.Call) -> Iterator[str]:
    called = _name(node.func)
    first = _name(node.args[0]) if node.args else ""
    if called in models:
        yield f"line {node.lineno}: {called}(…)"
    if called in ("insert", "update", "delete") and first in models:
        yield f"line {node.lineno}: {called}({first})"
    if called == "setattr" and len(node.args) == 3:
        name = node.args[1]
        if isinstance(name, ast.Constant) and _is_behind(door, str(name.value), first):
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
def test_state_is_assigned_in_its_acts_only(door):
    found = {
        _where(path): told
        for path in CHECKED
        if not _where(path).startswith(door.places)
        and (told := changes(door, path.read_text("utf-8")))
    }
    assert found == {}


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_the_modules_of_acts_do_assign_state(door):
    """A guard that watches an empty place watches nothing."""
    told = [
        path
        for path in CHECKED
        if _where(path).startswith(door.places) and changes(door, path.read_text("utf-8"))
    ]
    assert told


def test_journal_lines_are_written_by_acts_only():
    found = [_where(path) for path in CHECKED if calls("record", path.read_text("utf-8"))]
    assert [place for place in found if not place.startswith(SCRIBES)] == []


def test_only_listed_functions_write_outside_the_journal():
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
    "withdraw_report": (_ready, lambda p, i, c, t: acts.withdraw_report(p, i, ["Un récit."])),
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
            p, i, by=c.bruno, author="a", capacity="c", text="t", received_on=date(2026, 3, 2)
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


def _proposed(desk, cast):
    filed = desk.published(justice=True)
    with desk.pen() as p:
        acts.follow_up(p, filed.id, by=cast.bruno, reason="r", title="t", text="t")
    return 1


def _hidden(desk, cast):
    filed = desk.published()
    with desk.pen() as p:
        told = a_case(narrative="")
        acts.redact(p, filed.id, told, by=cast.bruno, reason="r", public_note="n")
    return 1


def _due(pen, *_told):
    pen.at += timedelta(days=30)
    acts.destroy_due(pen, 10)


EACH |= {
    # The case has the number of its first change.
    "withdraw_report_unpublished": (
        _proposed,
        lambda p, i, c, t: acts.withdraw_report_unpublished(p, i, ["t"]),
    ),
    "refuse_change": (
        _proposed,
        lambda p, i, c, t: acts.refuse_change(p, i, by=c.chloe, refusal="r"),
    ),
    "confirm_destruction": (_hidden, lambda p, i, c, t: acts.confirm_destruction(p, i, by=c.chloe)),
    "keep_hidden": (_hidden, lambda p, i, c, t: acts.keep_hidden(p, i, by=c.chloe)),
    "destroy_due": (_hidden, _due),
}
# Two lines: of whoever approves, and the public one of what is done by it.
TWO_LINES = {"approve_change"}
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
# Whose line tells a day only.
TOLD_BY_DAY = {"withdraw_report", "withdraw_report_unpublished"}
PHRASE = "une-tout-autre-phrase"
KEY = bytes(32)
ACCOUNTS = {
    "add_member": lambda p, c: accounts.add_member(
        p, "amina@register.test", Role.MODERATOR, PHRASE
    ),
    "disable_member": lambda p, c: accounts.disable_member(p, c.bruno, by=c.ada),
    "enable_member": lambda p, c: accounts.enable_member(p, c.driss, by=c.ada),
    "reset_member": lambda p, c: accounts.reset_member(p, c.email("driss"), PHRASE),
    "set_role": lambda p, c: accounts.set_role(p, c.bruno, Role.ADMINISTRATOR, by=c.ada),
    "change_password": lambda p, c: accounts.change_password(p, c.bruno, PHRASE),
    "set_factor": lambda p, c: accounts.set_factor(p, c.bruno, "A" * 32, KEY, ["a"], 1),
    "renew_codes": lambda p, c: accounts.renew_codes(p, c.chloe, ["a", "b"]),
    "reset_factor": lambda p, c: accounts.reset_factor(p, c.chloe, by=c.ada),
    "invite": lambda p, c: invitations.invite(p, "a@register.test", Role.MODERATOR, by=c.ada),
    "revoke": lambda p, c: invitations.revoke(p, 1, by=c.ada),
    "accept": lambda p, c: invitations.accept(p, TOKENS[-1], "Amina", PHRASE),
}
# Of the two modules, what only looks; and the way in before there is any account.
QUESTIONS = {"find_by_email", "has_account", "all_members", "display_names", "count_unused_codes"}
QUESTIONS |= {"validate_email", "pending", "find_invitation", "invite_first_administrator"}
TOKENS: list[str] = []


@pytest.fixture
def accounted(pen, cast):
    """Chloé has a second factor, and somebody is invited."""
    with pen() as p:
        accounts.set_factor(p, cast.chloe, "A" * 32, KEY, ["a"], 1)
        TOKENS.append(invitations.invite(p, "z@register.test", Role.MODERATOR, by=cast.ada))
    return cast


def _given_up(inbox, desk):
    """A report whose draft was discarded."""
    draft = desk.draft()
    inbox.accepted(into=draft.id)
    with desk.pen() as p:
        acts.discard(p, draft.id, by=desk.cast.bruno)


def _together(inbox):
    """A report that Bruno put aside together with others."""
    key = inbox.received().key
    with inbox.pen() as p:
        reports.spam(p, key, by=inbox.cast.bruno, together=True)
    return key


def _keeping(inbox, desk):
    """A draft that keeps what was reported."""
    draft = desk.draft()
    inbox.accepted(into=draft.id)
    return draft.id


# For each act on a report: what it is done to, how, and how many lines it leaves where.
ONE_OF_MEMBERS, ONE_OF_REPORTERS = {Ledger.DESK: 1}, {Ledger.REPORTS: 1}
REPORTS = {
    "receive": (
        lambda inbox, desk: None,
        lambda p, s, _, c: reports.receive(p, s, a_report(), nonce()),
        ONE_OF_REPORTERS,
    ),
    "add": (
        lambda inbox, desk: inbox.waiting().key,
        lambda p, s, k, c: reports.add(p, s, k, MessageKind.ANSWER, "Hier.", nonce()),
        ONE_OF_REPORTERS,
    ),
    "leave_contact": (
        lambda inbox, desk: inbox.received().key,
        lambda p, s, k, c: reports.leave_contact(p, s, k, CONTACT),
        ONE_OF_REPORTERS,
    ),
    "withdraw": (
        lambda inbox, desk: inbox.received().key,
        lambda p, s, k, c: reports.withdraw(p, s, k, nonce()),
        ONE_OF_REPORTERS,
    ),
    "claim": (
        lambda inbox, desk: inbox.received().key,
        lambda p, s, k, c: reports.claim(p, k, by=c.bruno),
        ONE_OF_MEMBERS,
    ),
    "release": (
        lambda inbox, desk: inbox.held().key,
        lambda p, s, k, c: reports.release(p, k, by=c.bruno),
        ONE_OF_MEMBERS,
    ),
    "ask_reporter": (
        lambda inbox, desk: inbox.received().key,
        lambda p, s, k, c: reports.ask_reporter(p, s, k, "Où ?", by=c.bruno),
        ONE_OF_MEMBERS,
    ),
    "mark_read": (
        lambda inbox, desk: inbox.withdrawn().key,
        lambda p, s, k, c: reports.mark_read(p, k, by=c.bruno),
        ONE_OF_MEMBERS,
    ),
    "accept": (
        lambda inbox, desk: inbox.received().key,
        lambda p, s, k, c: reports.accept(p, s, k, by=c.bruno, reason="r", new=a_case()),
        # One is of the draft.
        {Ledger.DESK: 2},
    ),
    "decline": (
        lambda inbox, desk: inbox.received().key,
        lambda p, s, k, c: reports.decline(p, s, k, "doublon", by=c.bruno, sentence="Déjà là."),
        ONE_OF_MEMBERS,
    ),
    "confirm_spam": (
        lambda inbox, desk: _together(inbox),
        lambda p, s, k, c: reports.confirm_spam(p, k, by=c.chloe),
        ONE_OF_MEMBERS,
    ),
    "spam": (
        lambda inbox, desk: inbox.received().key,
        lambda p, s, k, c: reports.spam(p, k, by=c.bruno),
        ONE_OF_MEMBERS,
    ),
    "reopen": (
        lambda inbox, desk: inbox.declined().key,
        lambda p, s, k, c: reports.reopen(p, s, k, by=c.bruno),
        ONE_OF_MEMBERS,
    ),
    "purge": (
        lambda inbox, desk: [inbox.spam(AT - timedelta(days=7)) for _ in range(3)],
        lambda p, s, _, c: reports.purge(p, s, undecided_after=24),
        # Each report has its line.
        {Ledger.DESK: 3},
    ),
    "view": (
        lambda inbox, desk: [inbox.received().key, inbox.received().key],
        lambda p, s, k, c: reports.view(p, k, by=c.bruno),
        {Ledger.REPORTS: 2},
    ),
    "view_contact": (
        lambda inbox, desk: inbox.received().key,
        lambda p, s, k, c: reports.view_contact(p, k, by=c.bruno),
        ONE_OF_REPORTERS,
    ),
    "view_retained": (
        _keeping,
        lambda p, s, i, c: reports.view_retained(p, i, by=c.bruno),
        ONE_OF_MEMBERS,
    ),
    "forget": (_given_up, lambda p, s, _, c: reports.forget(p, s), ONE_OF_MEMBERS),
}

# For each act on an editorial page: what went before it, and the act.
EDITORIAL = {
    "save_page": (
        lambda p, c: None,
        lambda p, c, seen: editorial.save_page(
            p, "suivre", "Suivre", "Un texte.", by=c.ada, reason="r", seen_revision=seen
        ),
    ),
    "restore_page": (
        lambda p, c: editorial.save_page(
            p, "suivre", "t", "t", by=c.ada, reason="r", seen_revision=0
        ),
        lambda p, c, seen: editorial.restore_page(
            p, "suivre", by=c.ada, reason="r", seen_revision=seen
        ),
    ),
}


def _heads(session):
    session.rollback()
    return {ledger: head(session, ledger).seq for ledger in Ledger}


def test_every_act_is_tested_in_this_file():
    assert set(EACH) | TWO_LINES == set(acts.__all__)
    public = {
        name
        for module in (accounts, invitations)
        for name, what in vars(module).items()
        if callable(what)
        and not name.startswith("_")
        and getattr(what, "__module__", "") == module.__name__
    }
    assert set(ACCOUNTS) == public - QUESTIONS
    assert set(REPORTS) == set(reports.__all__)
    assert set(EDITORIAL) == {
        name
        for name, what in vars(editorial).items()
        if getattr(what, "__module__", "") == editorial.__name__ and not name.startswith("_")
    }


@pytest.mark.parametrize("name", EACH)
def test_an_act_leaves_a_line_in_its_ledger(name, pen, desk, cast, content, session):
    prepare, do = EACH[name]
    subject = prepare(desk, cast)
    before = _heads(session)
    with pen() as p:
        do(p, subject, cast, content)
    after = _heads(session)
    ledger = Ledger.PUBLIC if name in TOLD_TO_ALL else Ledger.DESK
    ledger = Ledger.REPORTS if name in TOLD_BY_DAY else ledger
    assert after == before | {ledger: before[ledger] + 1}


@pytest.mark.parametrize("name", ACCOUNTS)
def test_a_change_of_an_account_leaves_a_line_on_the_desk(name, pen, accounted, session):
    before = _heads(session)
    with pen() as p:
        ACCOUNTS[name](p, accounted)
    assert _heads(session) == before | {Ledger.DESK: before[Ledger.DESK] + 1}


@pytest.mark.parametrize("name", REPORTS)
def test_an_act_on_a_report_leaves_its_lines(name, pen, inbox, desk, store, session):
    prepare, do, lines = REPORTS[name]
    subject = prepare(inbox, desk)
    before = _heads(session)
    with pen() as p:
        do(p, store, subject, inbox.cast)
    left = {ledger: before[ledger] + count for ledger, count in lines.items()}
    assert _heads(session) == before | left


@pytest.mark.parametrize("name", EDITORIAL)
def test_a_change_of_an_editorial_page_leaves_a_line_on_the_desk(name, pen, cast, session):
    prepare, do = EDITORIAL[name]
    with pen() as p:
        seen = getattr(prepare(p, cast), "id", 0)
    before = _heads(session)
    with pen() as p:
        do(p, cast, seen)
    assert _heads(session) == before | {Ledger.DESK: before[Ledger.DESK] + 1}


# --- the guards themselves ---------------------------------------------------------------------

CASE, REPORT, ACCOUNT, PAGE, LINE = DOORS
TAKEN = "from register.reports.models import Report, Message\n"


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
        (CASE, 'report.state = "spam"', False),
        (REPORT, 'report.state = "spam"', True),
        (REPORT, 'case.state = "spam"', False),
        (REPORT, "report.held_by = report.held_until = None", True),
        (REPORT, "found.sealed = None", True),
        (REPORT, 'setattr(report, "reason", x)', True),
        (REPORT, TAKEN + "session.add(Report(key=x))", True),
        (REPORT, TAKEN + "delete(Message).where(x)", True),
        (REPORT, "from register.reports import models\nmodels.RetainedReport(key=x)", True),
        (REPORT, "from register.exchange.case_csv_import import Report\nReport()", False),
        (REPORT, 'text("DELETE FROM report_message")', True),
        (REPORT, TAKEN + "select(Report.state)", False),
        (ACCOUNT, "member.disabled_at = None", True),
        (ACCOUNT, "Member(email=x)", True),
        (ACCOUNT, "member.totp_secret = None", True),
        (ACCOUNT, "update(Member).values(totp_step=3)", True),
        (ACCOUNT, "session.add(RecoveryCode(member_id=3))", True),
        (ACCOUNT, "member.is_active", False),
        (PAGE, "session.add(PageRevision(page=x))", True),
        (PAGE, "row.shipped = True", True),
        (PAGE, 'text("DELETE FROM page_revision")', True),
        (PAGE, "select(PageRevision).where(PageRevision.shipped)", False),
        (LINE, "session.add(JournalEntry(seq=1))", True),
        (LINE, "head.seq = 4", True),
        (LINE, "report.digest = None", False),
        (LINE, "update(LedgerHead)", True),
        (LINE, "entry.seq + 1", False),
    ],
)
def test_the_guard_of_assignments_finds_violations(door, source, seen):
    assert bool(changes(door, source)) is seen


def test_the_guard_of_housekeeping_finds_violations():
    assert calls("housekeeping", "with db.housekeeping(engine) as s: pass")
    assert not calls("housekeeping", "from register.db import housekeeping")


@pytest.mark.parametrize("act", Act)
def test_an_act_fits_its_column(act):
    """SQLite keeps what is longer, PostgreSQL refuses it."""
    assert len(act.value) <= JournalEntry.__table__.c.act.type.length
