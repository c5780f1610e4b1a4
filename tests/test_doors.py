"""State is changed in its acts only, and each act leaves a journal line.

``docs/proofs.md`` lists a violation of each rule that was found; the tests at the end check the
rules on invented sources.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from inspect import isfunction
from pathlib import Path

import attested_acts as acts
import pytest
from case_contents import a_case
from case_files import picture
from cast import AT
from report_factory import CONTACT, WORDS, a_report, nonce
from sqlalchemy import select

from register.accounts import acts as accounts
from register.accounts import one_use_links, passkeys
from register.accounts.models import Passkey, Role
from register.cases import acts as every_case_act
from register.cases import cited_sources
from register.cases.copy_storage import CaseCopyPage
from register.cases.urgency import Urgency
from register.evidence.sealed_files import FileManifest, new_file
from register.journal import Act, JournalEntry, Ledger, head
from register.mail.outbox import Outbox
from register.pages import acts as editorial
from register.reports import acts as reports
from register.reports.models import MessageKind
from register.reports.report_files import report_files

pytestmark = pytest.mark.one_database

TOP = Path(__file__).resolve().parent.parent
MODULES = sorted((TOP / "register").rglob("*.py"))


@dataclass(frozen=True)
class ProtectedState:
    """Columns, models and tables that only the modules in ``places`` may change."""

    name: str
    places: tuple[str, ...]
    columns: frozenset[str]
    models: frozenset[str]
    tables: frozenset[str]
    # The module of the models, where other classes have the same names.
    model_module: str = ""
    # Columns that other tables have too: protected on variables named in ``row_names``.
    shared_columns: frozenset[str] = frozenset()
    row_names: frozenset[str] = frozenset()


CLAIM_COLUMNS = frozenset({"held_by", "held_until", "danger_on", "term_on", "term_label"})
PROTECTED_STATES = (
    ProtectedState(
        "a case",
        (
            "register/cases/acts/",
            "register/cases/persistence.py",
            "register/cases/case_codes.py",
            "register/cases/copy_storage.py",
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
                "destruction_id",
                "ending",
                "report_withdrawn",
                "remaining_content",
                "unmet",
                "needs_second",
                "looked_by",
                "looked_at",
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
                "CaseCode",
                "PendingChange",
                "Destruction",
                "RedactedOriginal",
                "SourceCopy",
                "AuthorityContact",
                "CaseCopy",
                "CaseCopyPage",
            }
        ),
        frozenset(
            {
                "incident",
                "case",  # its constant is CASE
                "revision",
                "approval",
                "reply",
                "correction",
                "follow_up",
                "case_code",
                "pending_change",
                "destruction",
                "redacted_original",
                "source_copy",
                "invitation",
                "authority_contact",
                "case_copy",
                "case_copy_page",
            }
        ),
        shared_columns=CLAIM_COLUMNS | {"sealed"},
        row_names=frozenset({"case", "case_copy"}),
    ),
    ProtectedState(
        "a report",
        ("register/reports/acts/",),
        frozenset(
            {
                "receipt",
                "suspect",
                "news",
                "moved_on",
                "asked_on",
                "purge_on",
                "sealed",
                "contact",
                "masked_digest",
                "account_lookup",
            }
        ),
        frozenset({"Report", "Message", "ReportNote", "DestroyedFile", "RetainedReport", "Tally"}),
        frozenset({"report", "report_message", "report_note", "report_kept", "report_tally"})
        | {"report_destroyed_file"},
        model_module="register.reports.models",
        shared_columns=CLAIM_COLUMNS | {"state", "reason", "digest", "decision"},
        row_names=frozenset({"report"}),
    ),
    ProtectedState(
        "what is sent online",
        ("register/incoming/acts.py", "register/incoming/notice_acts.py"),
        frozenset({"sealed_content", "sealed_texts", "purged_on", "read_on"}),
        frozenset({"Incoming", "IncomingFile", "NoticeReview"}),
        frozenset({"incoming", "incoming_file", "notice_review"}),
    ),
    ProtectedState(
        "what came by post",
        ("register/post/acts.py",),
        frozenset({"closed_on", "closed_by", "entered_by"}),
        frozenset({"ReceivedPost"}),
        frozenset({"received_post"}),
    ),
    ProtectedState(
        "an account",
        (
            "register/accounts/acts.py",
            "register/accounts/one_use_links.py",
            "register/accounts/vouching.py",
            "register/accounts/passkeys.py",
            # Marks codes as used and counts wrong ones.
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
                "copied_at",
                "sign_count",
            }
        ),
        frozenset({"Member", "MemberInvitation", "PasswordLink", "RecoveryCode", "Passkey"}),
        frozenset({"member", "member_invitation", "password_link", "recovery_code", "passkey"}),
    ),
    ProtectedState(
        "an editorial page",
        ("register/pages/acts.py",),
        frozenset({"shipped", "renderer", "mark"}),
        frozenset({"PageRevision"}),
        frozenset({"page_revision"}),
    ),
    ProtectedState(
        "a journal line",
        ("register/journal/transaction.py",),
        frozenset({"digest", "seq", "public_json", "private_json", "private_salt"}),
        frozenset({"JournalEntry", "LedgerHead"}),
        frozenset({"journal_entry", "journal_head"}),
    ),
)

# Modules that write journal lines.
LINE_WRITERS = (
    "register/cases/acts/",
    "register/reports/acts/",
    "register/incoming/acts.py",
    "register/incoming/notice_acts.py",
    "register/accounts/acts.py",
    "register/accounts/sessions.py",
    "register/accounts/one_use_links.py",
    "register/accounts/passkeys.py",
    "register/accounts/vouching.py",
    "register/pages/acts.py",
    "register/post/acts.py",
    "register/cases/published_texts.py",
)

# Modules that write without a journal line, and what.
HOUSEKEEPING_MODULES = {
    "register/accounts/authentication.py": "failed sign-ins, used codes and passkeys",
    "register/cases/source_queue.py": "copies to make, and looks at addresses of sources",
    "register/cases/acts/copy_making.py": "which worker makes a clean copy, and its attempts",
    "register/evidence/upkeep.py": "evidence files whose blobs were moved or deleted",
    "register/operations/setup.py": "identity, ledgers, vocabularies and territory of a release",
    "register/accounts/web/profile.py": "when a member gets mail",
    "register/worker/notice_job.py": "what members were told by mail",
    "register/operations/restore.py": "sign-in sessions and known browsers, ended by a restore",
    "register/worker/mail_job.py": "mails sent, tried again, given up or forgotten",
    "register/reports/acts/purging.py": "the last day on which retention was looked at",
    "register/accounts/web/current_member.py": "sign-in sessions: last use, new token at a proof",
}

_STATEMENT = re.compile(
    r"\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|DROP\s+TABLE|ALTER\s+TABLE)\s+\"?(\w+)", re.IGNORECASE
)


@cache
def _parse(source: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(source)))


def changes(protected: ProtectedState, source: str) -> list[str]:
    """The changes of protected state in a source, one short text each."""
    nodes = _parse(source)
    models = _models(protected, nodes)
    return [change for node in nodes for change in _changes(protected, models, node)]


def _models(protected: ProtectedState, nodes: tuple[ast.AST, ...]) -> frozenset[str]:
    """The protected models that a source imports."""
    if not protected.model_module:
        return protected.models
    package, _, module = protected.model_module.rpartition(".")
    imports = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    names = {
        alias.name
        for node in imports
        if node.module == protected.model_module
        for alias in node.names
    }
    imports_module = any(node.module == package and module in _aliases(node) for node in imports)
    return protected.models if imports_module else protected.models & names


def _aliases(node: ast.ImportFrom) -> set[str]:
    return {alias.name for alias in node.names}


def _changes(protected: ProtectedState, models: frozenset[str], node: ast.AST) -> Iterator[str]:
    for target in _targets(node):
        if _is_protected(protected, target.attr, _name(target.value)):
            yield f"line {target.lineno}: .{target.attr} ="
    if isinstance(node, ast.Call):
        yield from _calls(protected, models, node)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        for table in _STATEMENT.findall(node.value):
            if table.lower() in protected.tables:
                yield f"line {node.lineno}: SQL on {table}"


def _is_protected(protected: ProtectedState, column: str, row: str) -> bool:
    """Whether a column, on a variable named ``row``, is protected."""
    # ``self.state = …`` is an attribute of another object.
    if row == "self":
        return False
    if column in protected.shared_columns:
        return row in protected.row_names
    others = (
        other
        for other in PROTECTED_STATES
        if row in other.row_names and column in other.shared_columns
    )
    return column in protected.columns and not any(others)


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


def _calls(protected: ProtectedState, models: frozenset[str], node: ast.Call) -> Iterator[str]:
    function = _name(node.func)
    argument = _name(node.args[0]) if node.args else ""
    if function in models:
        yield f"line {node.lineno}: {function}(…)"
    if function in ("insert", "update", "delete"):
        # ``delete(Reply)`` as well as ``REPLY.delete()`` and ``Reply.__table__.delete()``.
        for name in {argument, _table_name(node.func), *map(_table_name, node.args[:1])}:
            if name in models or (name.isupper() and name.lower() in protected.tables):
                yield f"line {node.lineno}: {function}({name})"
    if function == "setattr" and len(node.args) == 3:
        name = node.args[1]
        if isinstance(name, ast.Constant) and _is_protected(protected, str(name.value), argument):
            yield f"line {node.lineno}: setattr(…, {name.value!r})"


def _table_name(node: ast.expr) -> str:
    """The model or table of ``REPLY.insert`` and ``Reply.__table__``."""
    owner = node.value if isinstance(node, ast.Attribute) else None
    if isinstance(owner, ast.Attribute) and owner.attr == "__table__":
        owner = owner.value
    return _name(owner) if owner is not None else ""


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def calls(name: str, source: str) -> bool:
    """Whether a source calls a function of that name."""
    return any(isinstance(node, ast.Call) and _name(node.func) == name for node in _parse(source))


def _module_path(path: Path) -> str:
    return path.relative_to(TOP).as_posix()


# Migrations change tables directly.
CHECKED = [path for path in MODULES if "migrations" not in path.parts]


@pytest.mark.parametrize("protected", PROTECTED_STATES, ids=lambda protected: protected.name)
def test_state_is_assigned_in_its_acts_only(protected):
    violations = {
        _module_path(path): assignments
        for path in CHECKED
        if not _module_path(path).startswith(protected.places)
        and (assignments := changes(protected, path.read_text("utf-8")))
    }
    assert violations == {}


@pytest.mark.parametrize("protected", PROTECTED_STATES, ids=lambda protected: protected.name)
def test_the_modules_of_acts_do_assign_state(protected):
    """Proof that the check finds something."""
    modules = [
        path
        for path in CHECKED
        if _module_path(path).startswith(protected.places)
        and changes(protected, path.read_text("utf-8"))
    ]
    assert modules


def test_journal_lines_are_written_by_acts_only():
    modules = [_module_path(path) for path in CHECKED if calls("record", path.read_text("utf-8"))]
    assert [module for module in modules if not module.startswith(LINE_WRITERS)] == []


def test_only_listed_functions_write_outside_the_journal():
    modules = {
        _module_path(path) for path in CHECKED if calls("housekeeping", path.read_text("utf-8"))
    }
    assert modules == set(HOUSEKEEPING_MODULES)


# --- every act leaves a line -------------------------------------------------------------------


def _ready(desk, cast):
    return desk.ready().id


def _claimed(desk, cast):
    case = desk.ready()
    with desk.pen() as p:
        acts.claim(p, case.id, by=cast.bruno)
    return case.id


def _published(desk, cast):
    return desk.published().id


def _withdrawn(desk, cast):
    return desk.withdrawn().id


def _reply(desk, cast):
    return desk.received_reply(desk.published())


def _source_file(content):
    """The digest of a source's address, a file, and the key of the case."""
    return (
        cited_sources.digest(content.sources[0].url),
        FileManifest("f" * 32, bytes(32)),
        bytes(32),
    )


def _copied(desk, cast):
    draft = desk.ready()
    with desk.pen() as p:
        acts.add_source_copy(p, draft.id, *_source_file(a_case()), by=cast.bruno)
    return 1


def _note_contact(p, case_id, cast):
    office = {"address": "mairie@gagny.example", "source": "https://gagny.example"}
    checked = {"checked_on": AT.date(), "is_public_office": True}
    return acts.note_contact(p, case_id, by=cast.bruno, **office, **checked)


def _with_contact(desk, cast):
    """A public case whose authority has an address."""
    case_id = _published(desk, cast)
    with desk.pen() as p:
        _note_contact(p, case_id, cast)
    return case_id


ATTEST = ("attribution", "no_private_person", "no_private_life")
# For each act on a case: how to prepare its subject, and the call.
CASE_ACTS = {
    "draft": (
        lambda desk, cast: None,
        lambda p, _, c, t: acts.draft(p, t(), by=c.bruno, reason="r"),
    ),
    "edit": (_ready, lambda p, i, c, t: acts.edit(p, i, t(title="t"), by=c.bruno, reason="r")),
    "discard": (_ready, lambda p, i, c, t: acts.discard(p, i, by=c.bruno)),
    "invite": (_ready, lambda p, i, c, t: acts.invite(p, i, "courriel", by=c.bruno)),
    "note_contact": (_published, lambda p, i, c, t: _note_contact(p, i, c)),
    "erase_contact": (_with_contact, lambda p, i, c, t: acts.erase_contact(p, i, by=c.bruno)),
    "invite_by_mail": (
        _with_contact,
        lambda p, i, c, t: acts.invite_by_mail(
            p,
            i,
            by=c.bruno,
            outbox=Outbox(bytes(32), "registre.test"),
            link="https://registre.test",
        ),
    ),
    "claim": (_ready, lambda p, i, c, t: acts.claim(p, i, by=c.bruno)),
    "release": (_claimed, lambda p, i, c, t: acts.release(p, i, by=c.bruno)),
    "release_all": (_claimed, lambda p, i, c, t: acts.release_all(p, c.bruno, by=c.ada)),
    "assign": (_claimed, lambda p, i, c, t: acts.assign(p, i, to=c.chloe, by=c.bruno)),
    "set_urgency": (
        _published,
        lambda p, i, c, t: acts.set_urgency(p, i, Urgency(danger=True), by=c.bruno),
    ),
    "withdraw_report": (_ready, lambda p, i, c, t: acts.withdraw_report(p, i, ["Un récit."])),
    "note": (_ready, lambda p, i, c, t: acts.note(p, i, "à vérifier", by=c.bruno)),
    "refuse_version": (_ready, lambda p, i, c, t: acts.refuse_version(p, i, by=c.ada, refusal="r")),
    "add_source_copy": (
        _ready,
        lambda p, i, c, t: acts.add_source_copy(p, i, *_source_file(t()), by=c.bruno),
    ),
    "drop_source_copy": (_copied, lambda p, i, c, t: acts.drop_source_copy(p, i, by=c.bruno)),
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
    "refuse_reply": (
        _reply,
        lambda p, i, c, t: acts.refuse_reply(p, i, by=c.bruno, code="longueur", refusal="r"),
    ),
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
        lambda p, i, c, t: acts.merge(p, i, into=1, by=c.bruno, second=c.chloe, reason="r"),
    ),
    "part": (
        lambda desk, cast: desk.merged().id,
        lambda p, i, c, t: acts.part(p, i, by=c.bruno, second=c.chloe, reason="r"),
    ),
    "erase": (
        _published,
        lambda p, i, c, t: acts.erase(p, i, by=c.ada, restriction="erreur", single=True),
    ),
}


def _pending_change(desk, cast):
    case = desk.published(justice=True)
    with desk.pen() as p:
        acts.follow_up(p, case.id, by=cast.bruno, reason="r", title="t", text="t")
    return 1


def _hidden(desk, cast):
    case = desk.published()
    with desk.pen() as p:
        redacted = a_case(narrative="")
        acts.redact(p, case.id, redacted, by=cast.bruno, reason="r", public_note="n")
    return 1


def _destroy_when_due(pen, *_arguments):
    pen.at += timedelta(days=30)
    acts.destroy_due(pen, 10)


CASE_ACTS |= {
    # The ids of the case and of its first change are both 1.
    "withdraw_report_unpublished": (
        _pending_change,
        lambda p, i, c, t: acts.withdraw_report_unpublished(p, i, ["t"]),
    ),
    "refuse_change": (
        _pending_change,
        lambda p, i, c, t: acts.refuse_change(p, i, by=c.chloe, refusal="r"),
    ),
    "confirm_destruction": (_hidden, lambda p, i, c, t: acts.confirm_destruction(p, i, by=c.chloe)),
    "keep_hidden": (_hidden, lambda p, i, c, t: acts.keep_hidden(p, i, by=c.chloe)),
    "destroy_due": (_hidden, _destroy_when_due),
}


def _with_file(case_files, desk):
    """A draft with a file; its id, and the key of the file."""
    case = desk.draft()
    return case.id, case_files.added(case.id)


def _with_copy(case_files, desk):
    case_id, evidence = _with_file(case_files, desk)
    case_files.copied(case_id, evidence)
    return case_id, evidence


# For each act on a file of a case: its subject, and the call.
FILE_ACTS = {
    "add_file": (
        lambda f, desk: (desk.draft().id, f.stored(picture())),
        lambda p, s, case, file, c: acts.add_file(p, s, case, file, by=c.bruno),
    ),
    "request_copy": (
        _with_file,
        lambda p, s, case, file, c: acts.request_copy(p, s, case, file, {}, by=c.bruno),
    ),
    "review_page": (
        _with_copy,
        lambda p, s, case, file, c: acts.review_page(
            p, s, case, p.session.scalar(select(CaseCopyPage.key)), by=c.chloe
        ),
    ),
    "remove_file of copies only": (
        _with_copy,
        lambda p, s, case, file, c: acts.remove_file(
            p, s, case, file, "erreur", by=c.chloe, only_copies=True
        ),
    ),
    "remove_file": (
        _with_copy,
        lambda p, s, case, file, c: acts.remove_file(p, s, case, file, "erreur", by=c.chloe),
    ),
}
# Two lines: the approval, and the public line of the approved change.
TWO_LINES = {"approve_change"}
# Acts with a line in the public ledger.
PUBLIC_ACTS = {
    "publish",
    "follow_up",
    "reply",
    "correct",
    "redact",
    "withdraw",
    "restore",
    "merge",
    "part",
    "erase",
}
# Acts with a line in the ledger of reports.
DAY_ONLY_ACTS = {"withdraw_report", "withdraw_report_unpublished"}
PHRASE = "une-tout-autre-phrase"
KEY = bytes(32)
ACCOUNT_ACTS = {
    "add_member": lambda p, c: accounts.add_member(
        p, "amina@register.test", Role.MODERATOR, PHRASE
    ),
    "disable_member": lambda p, c: accounts.disable_member(p, c.bruno, by=c.ada),
    "enable_member": lambda p, c: accounts.enable_member(p, c.driss, by=c.ada),
    "reset_member": lambda p, c: accounts.reset_member(p, c.driss, PHRASE),
    "set_role": lambda p, c: accounts.set_role(p, c.bruno, Role.ADMINISTRATOR, by=c.ada),
    "change_password": lambda p, c: accounts.change_password(p, c.bruno, PHRASE),
    "set_factor": lambda p, c: accounts.set_factor(p, c.bruno, "A" * 32, KEY, ["a"], 1),
    "renew_codes": lambda p, c: accounts.renew_codes(p, c.chloe, ["a", "b"]),
    "reset_factor": lambda p, c: accounts.reset_factor(p, c.chloe, by=c.ada),
    "invite": lambda p, c: one_use_links.invite(p, "a@register.test", Role.MODERATOR, by=c.ada),
    "revoke": lambda p, c: one_use_links.revoke(p, 1, by=c.ada),
    "make_link": lambda p, c: one_use_links.make_link(p, c.bruno, by=c.ada),
    "revoke_link": lambda p, c: one_use_links.revoke_link(p, 1, by=c.ada),
    "use_link": lambda p, c: one_use_links.use_link(p, LINKS[-1], PHRASE),
    "add_passkey": lambda p, c: passkeys.add_passkey(p, c.chloe, KEY, "b", _credential(b"b")),
    "remove_passkey": lambda p, c: passkeys.remove_passkey(p, c.chloe, 1),
    "remove_again": lambda p, c: passkeys.remove_again(p, *PASSKEYS, event="e"),
    "accept": lambda p, c: one_use_links.accept(p, TOKENS[-1], "Amina", PHRASE),
}
# Functions of these modules that only read; the invitation of the first administrator; and what
# acts on the password do to links, and on accounts to passkeys; uses of passkeys.
QUERIES = {"find_by_email", "has_account", "all_members", "display_names", "count_unused_codes"}
QUERIES |= {"member_link", "close_password_links", "open_address"}
QUERIES |= {"validate_email", "pending", "find", "invite_first_administrator"}
QUERIES |= {"invitation_values"}
QUERIES |= {"list_passkeys", "has_passkey", "store_use", "store_copy", "delete_passkeys"}
QUERIES |= {"journal_key", "Credential", "OpenPasskey", "PasskeyUse"}
TOKENS: list[str] = []
LINKS: list[str] = []
PASSKEYS: list[str] = []


def _credential(credential_id: bytes) -> passkeys.Credential:
    return passkeys.Credential(credential_id, b"a key", 0, ())


@pytest.fixture
def cast_with_account_states(pen, cast):
    """The cast; Chloé has a second factor and a passkey, and an invitation is pending."""
    with pen() as p:
        accounts.set_factor(p, cast.chloe, "A" * 32, KEY, ["a"], 1)
        passkeys.add_passkey(p, cast.chloe, KEY, "a", _credential(b"a"))
        p.session.flush()
        PASSKEYS[:] = [passkeys.journal_key(p.session.scalars(select(Passkey)).one())]
        LINKS.append(one_use_links.make_link(p, cast.chloe, by=cast.ada))
        TOKENS.append(one_use_links.invite(p, "z@register.test", Role.MODERATOR, by=cast.ada))
    return cast


def _given_up(inbox, desk):
    """A report whose draft was discarded."""
    draft = desk.draft()
    inbox.accepted(into=draft.id)
    with desk.pen() as p:
        acts.discard(p, draft.id, by=desk.cast.bruno)


def _spam_together(inbox):
    """A report that Bruno marked as spam together with others."""
    key = inbox.received().key
    with inbox.pen() as p:
        reports.spam(p, key, by=inbox.cast.bruno, together=True)
    return key


def _draft_with_report(inbox, desk):
    """A draft with a copy of its report."""
    draft = desk.draft()
    inbox.accepted(into=draft.id)
    return draft.id


# For each act on a report: its subject, the call, and the lines it leaves.
ONE_DESK_LINE, ONE_REPORTS_LINE = {Ledger.DESK: 1}, {Ledger.REPORTS: 1}


def _report_with_file(inbox):
    """The key of a report with a file."""
    with inbox.pen() as p:
        file = replace(new_file(), mime="image/jpeg", size=1, sha256="0" * 64)
        return reports.receive(p, inbox.store, a_report(), nonce(), files=[file]).key


REPORT_ACTS = {
    "receive": (
        lambda inbox, desk: None,
        lambda p, s, _, c: reports.receive(p, s, a_report(), nonce()),
        ONE_REPORTS_LINE,
    ),
    "add": (
        lambda inbox, desk: inbox.waiting().key,
        lambda p, s, k, c: reports.add(p, s, k, MessageKind.ANSWER, "Hier.", nonce()),
        ONE_REPORTS_LINE,
    ),
    "leave_contact": (
        lambda inbox, desk: inbox.received().key,
        lambda p, s, k, c: reports.leave_contact(p, s, k, CONTACT),
        ONE_REPORTS_LINE,
    ),
    "withdraw": (
        lambda inbox, desk: inbox.received().key,
        lambda p, s, k, c: reports.withdraw(p, s, k, nonce()),
        ONE_REPORTS_LINE,
    ),
    "destroy": (
        lambda inbox, desk: inbox.withdrawn().key,
        lambda p, s, k, c: reports.destroy(p, s, k),
        ONE_REPORTS_LINE,
    ),
    "claim": (
        lambda inbox, desk: inbox.received().key,
        lambda p, s, k, c: reports.claim(p, k, by=c.bruno),
        ONE_DESK_LINE,
    ),
    "release": (
        lambda inbox, desk: inbox.held().key,
        lambda p, s, k, c: reports.release(p, k, by=c.bruno),
        ONE_DESK_LINE,
    ),
    "release_all": (
        lambda inbox, desk: inbox.held().key,
        lambda p, s, k, c: reports.release_all(p, c.bruno, by=c.ada),
        ONE_DESK_LINE,
    ),
    "close_account": (
        lambda inbox, desk: inbox.held().key,
        lambda p, s, k, c: reports.close_account(p, c.bruno, by=c.ada),
        # One is of the account.
        {Ledger.DESK: 2},
    ),
    "assign": (
        lambda inbox, desk: inbox.held().key,
        lambda p, s, k, c: reports.assign(p, k, to=c.chloe, by=c.bruno),
        ONE_DESK_LINE,
    ),
    "set_urgency": (
        lambda inbox, desk: inbox.received().key,
        lambda p, s, k, c: reports.set_urgency(p, s, k, Urgency(danger=True), by=c.bruno),
        ONE_DESK_LINE,
    ),
    "ask_reporter": (
        lambda inbox, desk: inbox.received().key,
        lambda p, s, k, c: reports.ask_reporter(p, s, k, "Où ?", by=c.bruno),
        ONE_DESK_LINE,
    ),
    "note": (
        lambda inbox, desk: inbox.received().key,
        lambda p, s, k, c: reports.note(p, s, k, "À rappeler.", by=c.bruno),
        ONE_DESK_LINE,
    ),
    "mask": (
        lambda inbox, desk: inbox.received().key,
        lambda p, s, k, c: reports.mask(p, s, k, WORDS, "vie_privee", by=c.bruno),
        ONE_DESK_LINE,
    ),
    "destroy_file": (
        lambda inbox, _desk: _report_with_file(inbox),
        lambda p, s, k, c: reports.destroy_file(
            p, s, k, report_files(p.session, s, k)[0].key, "illicite", by=c.bruno
        ),
        ONE_DESK_LINE,
    ),
    "mark_read": (
        lambda inbox, desk: inbox.withdrawn().key,
        lambda p, s, k, c: reports.mark_read(p, k, by=c.bruno),
        ONE_DESK_LINE,
    ),
    "accept": (
        lambda inbox, desk: inbox.received().key,
        lambda p, s, k, c: reports.accept(p, s, k, by=c.bruno, reason="r", new=a_case()),
        # One of them is of the draft.
        {Ledger.DESK: 2},
    ),
    "decline": (
        lambda inbox, desk: inbox.received().key,
        lambda p, s, k, c: reports.decline(p, s, k, "doublon", by=c.bruno, sentence="Déjà là."),
        ONE_DESK_LINE,
    ),
    "confirm_spam": (
        lambda inbox, desk: _spam_together(inbox),
        lambda p, s, k, c: reports.confirm_spam(p, k, by=c.chloe),
        ONE_DESK_LINE,
    ),
    "spam": (
        lambda inbox, desk: inbox.received().key,
        lambda p, s, k, c: reports.spam(p, k, by=c.bruno),
        ONE_DESK_LINE,
    ),
    "reopen": (
        lambda inbox, desk: inbox.declined().key,
        lambda p, s, k, c: reports.reopen(p, s, k, by=c.bruno),
        ONE_DESK_LINE,
    ),
    "purge": (
        lambda inbox, desk: [inbox.spam(AT - timedelta(days=7)) for _ in range(3)],
        lambda p, s, _, c: reports.purge(p, s, undecided_after=24),
        # One line per report.
        {Ledger.DESK: 3},
    ),
    "view": (
        lambda inbox, desk: [inbox.received().key, inbox.received().key],
        lambda p, s, k, c: reports.view(p, k, by=c.bruno),
        {Ledger.REPORTS: 2},
    ),
    "view_retained": (
        _draft_with_report,
        lambda p, s, i, c: reports.view_retained(p, i, by=c.bruno),
        ONE_DESK_LINE,
    ),
    "forget": (_given_up, lambda p, s, _, c: reports.forget(p, s), ONE_DESK_LINE),
}

# For each act on an editorial page: the preparation, and the act.
PAGE_ACTS = {
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
    case_acts, report_acts = (
        {name for name, function in vars(acts_of_room).items() if isfunction(function)}
        for acts_of_room in (every_case_act, reports)
    )
    assert {*CASE_ACTS, *(name.split()[0] for name in FILE_ACTS), *TWO_LINES} == case_acts
    public = {
        name
        for module in (accounts, one_use_links, passkeys)
        for name, function in vars(module).items()
        if callable(function)
        and not name.startswith("_")
        and getattr(function, "__module__", "") == module.__name__
    }
    assert set(ACCOUNT_ACTS) == public - QUERIES
    assert set(REPORT_ACTS) == report_acts
    assert set(PAGE_ACTS) == {
        name
        for name, function in vars(editorial).items()
        if getattr(function, "__module__", "") == editorial.__name__ and not name.startswith("_")
    }


@pytest.mark.parametrize("name", CASE_ACTS)
def test_an_act_leaves_a_line_in_its_ledger(name, pen, desk, cast, content, session):
    prepare, do = CASE_ACTS[name]
    subject = prepare(desk, cast)
    heads_before = _heads(session)
    with pen() as p:
        do(p, subject, cast, content)
    heads_after = _heads(session)
    ledger = Ledger.PUBLIC if name in PUBLIC_ACTS else Ledger.DESK
    ledger = Ledger.REPORTS if name in DAY_ONLY_ACTS else ledger
    assert heads_after == heads_before | {ledger: heads_before[ledger] + 1}


@pytest.mark.parametrize("name", FILE_ACTS)
def test_an_act_on_a_file_leaves_a_line_on_the_desk(
    name, pen, desk, cast, case_files, store, session
):
    prepare, do = FILE_ACTS[name]
    subject = prepare(case_files, desk)
    heads_before = _heads(session)
    with pen() as p:
        do(p, store, *subject, cast)
    assert _heads(session) == heads_before | {Ledger.DESK: heads_before[Ledger.DESK] + 1}


@pytest.mark.parametrize("name", ACCOUNT_ACTS)
def test_a_change_of_an_account_leaves_a_line_on_the_desk(
    name, pen, cast_with_account_states, session
):
    heads_before = _heads(session)
    with pen() as p:
        ACCOUNT_ACTS[name](p, cast_with_account_states)
    assert _heads(session) == heads_before | {Ledger.DESK: heads_before[Ledger.DESK] + 1}


@pytest.mark.parametrize("name", REPORT_ACTS)
def test_an_act_on_a_report_leaves_its_lines(name, pen, inbox, desk, store, session):
    prepare, do, lines = REPORT_ACTS[name]
    subject = prepare(inbox, desk)
    heads_before = _heads(session)
    with pen() as p:
        do(p, store, subject, inbox.cast)
    expected = {ledger: heads_before[ledger] + count for ledger, count in lines.items()}
    assert _heads(session) == heads_before | expected


@pytest.mark.parametrize("name", PAGE_ACTS)
def test_a_change_of_an_editorial_page_leaves_a_public_line(name, pen, cast, session):
    prepare, do = PAGE_ACTS[name]
    with pen() as p:
        seen = getattr(prepare(p, cast), "id", 0)
    heads_before = _heads(session)
    with pen() as p:
        do(p, cast, seen)
    assert _heads(session) == heads_before | {Ledger.PUBLIC: heads_before[Ledger.PUBLIC] + 1}


# --- the checks themselves ---------------------------------------------------------------------

CASE, REPORT, INCOMING, POST, ACCOUNT, PAGE, LINE = PROTECTED_STATES
IMPORT = "from register.reports.models import Report, Message\n"


@pytest.mark.parametrize(
    ("protected", "source", "is_found"),
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
        (CASE, "session.execute(CASE.insert())", True),
        (CASE, "session.execute(update(REPLY))", True),
        (CASE, "session.execute(Reply.__table__.delete())", True),
        (CASE, "session.execute(delete(Reply.__table__))", True),
        (CASE, "case.update(state=1)", False),
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
        (REPORT, IMPORT + "session.add(Report(key=x))", True),
        (REPORT, IMPORT + "delete(Message).where(x)", True),
        (REPORT, "from register.reports import models\nmodels.RetainedReport(key=x)", True),
        (REPORT, "from register.exchange.case_csv_import import Report\nReport()", False),
        (REPORT, 'text("DELETE FROM report_message")', True),
        (REPORT, IMPORT + "select(Report.state)", False),
        (INCOMING, "row.sealed_content = None", True),
        (INCOMING, "delete(IncomingFile).where(x)", True),
        (INCOMING, "session.add(NoticeReview(post_id=x))", True),
        (INCOMING, "select(Incoming.sealed_content)", False),
        (POST, "row.closed_on = today", True),
        (POST, "session.add(ReceivedPost(kind=x))", True),
        (POST, 'text("DELETE FROM received_post")', True),
        (POST, "select(ReceivedPost.closed_on)", False),
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
def test_assignments_of_protected_state_are_found(protected, source, is_found):
    assert bool(changes(protected, source)) is is_found


def test_calls_of_housekeeping_are_found():
    assert calls("housekeeping", "with db.housekeeping(engine) as s: pass")
    assert not calls("housekeeping", "from register.db import housekeeping")


def test_every_act_fits_its_column():
    """SQLite would store a longer name, PostgreSQL refuses it."""
    assert max(len(act.value) for act in Act) <= JournalEntry.__table__.c.act.type.length
