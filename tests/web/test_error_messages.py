"""Every key that is raised has its sentence, and every sentence gets its placeholders' values."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from flask import Flask

import register
from register import errors
from register.cases import act_permissions, case_content
from register.cases.case_content import StepContent
from register.cases.checklist import ATTESTATIONS, CheckItem
from register.cases.models import CaseState
from register.cases.validation import ContentFault
from register.errors import (
    ConfigError,
    Incomplete,
    Invalid,
    NotFound,
    Refused,
    RegisterError,
    TextError,
)
from register.exchange.row_mapping import COLUMNS
from register.journal import Ledger
from register.journal.verify import Problem
from register.journal.web import journal_sentences
from register.reports import models as submissions
from register.text import personal_data
from register.web import error_messages, messages
from register.web.error_messages import ERROR_SENTENCES

TOP = Path(register.__file__).parent
RAISED = {name for name in dir(errors) if isinstance(getattr(errors, name), type)}
RAISED |= {"SchemaError", "TextError", "MoveError", "BackupError", "ReadOnly", "MirrorError"}
RAISED |= {"DatabaseInUse"}
FIRST, SECOND = 0, 1
# Keys that reach a raise through a variable; the table or expression they come from.
BY_VARIABLE = {*act_permissions.REFUSALS.values(), *act_permissions._STATE_REFUSALS.values()}
BY_VARIABLE |= {"import_column_missing", "import_column_twice", "keystore_away"}


@cache
def every_call() -> list[tuple[str, ast.Call]]:
    """What the register's code calls, by its last name: read once for all tests."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in TOP.rglob("*.py"))
    call_nodes = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call))
    return [(getattr(call.func, "id", getattr(call.func, "attr", "")), call) for call in call_nodes]


def calls(names: set[str]) -> Iterator[ast.Call]:
    return (call for name, call in every_call() if name in names)


def key_at(call: ast.Call, place: int) -> str:
    argument = call.args[place] if len(call.args) > place else None
    return str(argument.value) if isinstance(argument, ast.Constant) else ""


def raised_keys() -> Iterator[tuple[str, set[str]]]:
    for call in calls(RAISED):
        key = key_at(call, FIRST)
        if key:
            yield key, {str(keyword.arg) for keyword in call.keywords}


def fault_keys() -> Iterator[tuple[str, set[str]]]:
    for call in calls({"ContentFault", "FieldFault"}):
        values = call.args[2] if len(call.args) > 2 else ast.Dict([], [])
        key = key_at(call, SECOND)
        if key and isinstance(values, ast.Dict):
            yield key, {str(name.value) for name in values.keys if isinstance(name, ast.Constant)}


def test_the_search_finds_keys_of_every_layer() -> None:
    keys = {key for key, _values in [*raised_keys(), *fault_keys()]}
    assert {"config_unknown", "seal_missing", "filter", "member_exists", "twice"} <= keys
    assert {"date_form", "schema_other", "case_gone", "row_width", "id_twice"} <= keys


def test_every_key_has_its_sentence() -> None:
    keys = {key for key, _values in [*raised_keys(), *fault_keys()]} | BY_VARIABLE
    assert keys - set(ERROR_SENTENCES) == set()


def test_every_sentence_is_still_raised() -> None:
    keys = {key for key, _values in [*raised_keys(), *fault_keys()]} | BY_VARIABLE
    assert set(ERROR_SENTENCES) - keys == set()


def test_sentences_get_the_values_of_their_placeholders() -> None:
    for key, values in [*raised_keys(), *fault_keys()]:
        placeholders = error_messages.placeholders(ERROR_SENTENCES[key])
        assert placeholders <= values, key


def test_no_table_of_sentences_hides_a_key_of_another() -> None:
    tables = (
        messages.errors.site_errors,
        messages.errors.field_errors,
        messages.errors.import_errors,
        messages.console.console_errors,
        messages.evidence.evidence_errors,
    )
    assert sum(len(table) for table in tables) == len(ERROR_SENTENCES)


def test_every_line_of_the_checklist_has_its_sentence() -> None:
    codes = {key_at(call, FIRST) for call in calls({"CheckItem"})} - {""}
    assert (
        codes | set(ATTESTATIONS)
        == set(messages.desk.unmet_checks)
        == set(messages.desk.met_checks)
    )


def desk_checks() -> Iterator[str]:
    """The keys of the table of checks of the desk's rows."""
    tree = ast.parse((TOP / "cases" / "verify_desk.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Tuple) and node.elts and isinstance(node.elts[-1], ast.Lambda):
            yield str(ast.literal_eval(node.elts[0]))


def test_every_problem_of_verify_has_its_sentence() -> None:
    keys = {key_at(call, FIRST) for call in calls({"Problem", "_text_problem"})} - {""}
    assert keys | set(desk_checks()) == set(messages.console.verify_problems)


def test_every_field_that_is_judged_has_its_name() -> None:
    judged = {key_at(call, FIRST) for call in calls({"ContentFault"})}
    judged |= {key_at(call, FIRST) for call in calls({"required_text"})}
    judged |= set(case_content.Content.__dataclass_fields__)
    judged |= {f"request.{name}" for name in case_content.RequestContent.__dataclass_fields__}
    judged |= {f"proceedings.steps.{rule}" for rule in case_content.FIELD_RULES[StepContent]}
    # A column of an import is named as it stands in the file.
    judged -= {"", *COLUMNS, "proceedings.steps.follow_up"}
    assert {name for name in judged if name not in messages.names.field_names} <= {
        f"proceedings.steps.{name}" for name in messages.names.field_names
    }


def test_states_ledgers_and_risks_have_their_words() -> None:
    assert {state.value for state in CaseState} <= set(messages.names.case_states)
    assert {state.value for state in submissions.ReportState} == set(messages.names.report_states)
    assert {ledger.value for ledger in Ledger} == set(messages.console.ledger_names)
    assert set(personal_data.CODES) == set(messages.desk.risk_names)


def all_sentences() -> list[str]:
    tables = (
        ERROR_SENTENCES,
        messages.desk.unmet_checks,
        messages.desk.met_checks,
        messages.desk.public_changes,
        messages.desk.limitation_periods,
        messages.desk.period_beginnings,
        messages.console.verify_problems,
        messages.names.field_names,
        messages.names.case_states,
        messages.names.report_states,
        messages.console.ledger_names,
        messages.desk.risk_names,
        messages.journal.act_sentences,
        messages.journal.group_names,
        messages.journal.mask_reasons,
        *(
            {kind: label for kind, (_act, label) in kinds.items()}
            for kinds in (journal_sentences.PUBLIC_KINDS, *journal_sentences.ACT_GROUPS.values())
        ),
        messages.journal.ledger_labels,
        messages.journal.attested_words,
        messages.journal.role_words,
        {key: wording for key, (wording, _not) in messages.journal.line_checks.items()},
        {key: wording for key, (_holds, wording) in messages.journal.line_checks.items()},
    )
    return [str(sentence) for table in tables for sentence in table.values()]


@pytest.mark.parametrize("wrong", ["'", " ;", " ?", " !", " :", "« ", " »", "...", "  "])
def test_sentences_keep_french_typography(wrong: str) -> None:
    assert [sentence for sentence in all_sentences() if wrong in sentence] == []


def test_an_error_is_worded_before_there_is_an_application() -> None:
    error = ConfigError("config_switch", name="REGISTER_SINGLE_MODERATOR", value="yes")
    assert error_messages.error_sentence(error).startswith(
        "REGISTER_SINGLE_MODERATOR vaut «\u202fyes\u202f»"
    )


def test_an_error_is_worded_within_an_application(bare_app: Flask) -> None:
    with bare_app.app_context():
        sentence = error_messages.error_sentence(
            ConfigError("config_legal", names=["REGISTER_A", "REGISTER_B"])
        )
    assert sentence.endswith("REGISTER_A, REGISTER_B.")


@pytest.fixture
def bare_app() -> Flask:
    from flask_babel import Babel

    app = Flask(__name__)
    Babel(app, default_locale="fr")
    return app


def test_an_unmet_checklist_names_each_line() -> None:
    lines = [
        CheckItem("summary_length", False, {"limit": 300, "length": 412}),
        CheckItem("court", False, {"missing": ["court", "appeal"]}),
        CheckItem("flags", False, {"flags": [("summary", "telephone", "01 23 45 67 89")]}),
    ]
    sentence = error_messages.error_sentence(
        Incomplete("checklist", lines=lines, state=CaseState.DRAFT)
    )
    assert "412 caractères" in sentence
    assert "juridiction, recours" in sentence
    assert "numéro de téléphone «\u202f01 23 45 67 89\u202f»" in sentence


def test_a_fault_begins_with_its_field() -> None:
    fault = ContentFault("end_date", "ends_before", {"value": "2001"})
    assert (
        error_messages.fault_sentence(fault)
        == "Date de fin\u00a0: la fin (2001) est avant le début."
    )
    sentence = error_messages.error_sentence(Invalid("content", faults=[fault]))
    assert sentence.endswith(error_messages.fault_sentence(fault))


def test_a_field_alone_at_fault_is_named() -> None:
    assert error_messages.error_sentence(Invalid("missing", field="reason")).startswith(
        "Motif\u00a0: ce champ"
    )


def test_a_refusal_names_the_state_in_words() -> None:
    sentence = error_messages.error_sentence(Refused("nothing_to_approve", state=CaseState.MERGED))
    assert "«\u202fréuni à un autre\u202f»" in sentence
    sentence = error_messages.error_sentence(
        Refused("report_state", state=submissions.ReportState.SPAM)
    )
    assert "«\u202findésirable\u202f»" in sentence


def test_a_problem_names_its_ledger_and_line() -> None:
    sentence = error_messages.problem_sentence(
        Problem("journal_chain", {"ledger": "public", "seq": 812})
    )
    assert sentence.startswith("Journal public, ligne 812\u00a0:")


@pytest.mark.parametrize(
    "error",
    [
        NotFound("member_unknown", email="<x>@evil.test"),
        Invalid("unknown_restriction", value="<x>"),
        Invalid("content", faults=[ContentFault("title", "unknown_code", {"value": "<x>"})]),
        RegisterError("never_heard_of", value="<x>"),
    ],
    ids=lambda error: error.key,
)
def test_typed_text_is_not_quoted_where_quoting_is_off(error: RegisterError) -> None:
    assert error_messages.error_sentence(error, quoting=False) == ""


def test_messages_without_input_are_shown_everywhere() -> None:
    assert error_messages.error_sentence(TextError("date_form", text="<x>"), quoting=False)
    assert (
        error_messages.error_sentence(
            Invalid("filter", name="type", value="<x>"), quoting=False
        ).count("<x>")
        == 0
    )


def test_an_unknown_key_or_a_missing_value_is_no_crash() -> None:
    assert "never_heard_of" in error_messages.error_sentence(RegisterError("never_heard_of"))
    assert "…" in error_messages.error_sentence(ConfigError("config_number", name="X"))
