"""The transition rules: the whole table of states and acts, written a second time."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from register.accounts.models import Role
from register.cases import act_permissions
from register.cases.case_content import (
    Content,
    LinkContent,
    ProceedingContent,
    RequestContent,
    SourceContent,
    StepContent,
)
from register.cases.models import CaseState
from register.errors import Refused
from register.journal import Act

# The verdicts of the table, beside the keys of refusals:
ANYONE = "anyone"  # any member, alone
GRAVE = "grave"  # an administrator and a second person

# State, act, verdict, and the reason.
TABLE = """
draft     edited         anyone                          a draft is there to be worked on
draft     discarded      anyone                          nobody has read it yet
draft     approved       anyone                          the second reading comes before publication
draft     invited        anyone                          the authority is invited before publication
draft     published      anyone                          the checklist asks for a second person
draft     draft_merged   anyone                          nothing public moves
draft     erased         grave                           destroying the desk's texts is grave
draft     followed_up    not_published_yet               a fragment is added to what readers know
draft     reply_received not_published_yet               one replies to what was published
draft     replied        not_published_yet               one replies to what was published
draft     reply_refused  not_published_yet               one replies to what was published
draft     version_refused anyone                         its reader finds a fault
draft     corrected      not_published_yet               a draft is edited, without a public note
draft     redacted       not_published_yet               nothing public to take out
draft     withdrawn      draft_is_discarded              readers would get a tombstone of nothing
draft     restored       not_published_yet               it was never shown
draft     merged         draft_has_no_number             there is no address to lead elsewhere
draft     drafted        not_published_yet               it is drafted already
draft     parted         not_published_yet               it is not merged

published edited         published_changes_by_correction no silent change of a published text
published discarded      published_is_withdrawn          readers are owed a tombstone
published approved       anyone                          an erasure is approved here
published invited        anyone                          inviting again does no harm
published published      already_published               the number and the first day never change
published draft_merged   not_a_draft                     its address has to lead to the other case
published erased         grave                           it cannot be undone
published followed_up    anyone                          suites come years later
published reply_received anyone                          three days run from here
published replied        anyone                          a reply may not wait for a colleague
published reply_refused  anyone                          with a reason for its author
published corrected      anyone                          with a note for readers
published redacted       anyone                          a court's order may not wait
published withdrawn      anyone                          whoever sees the harm stops it
published restored       already_published               it is shown
published merged         anyone                          two files of one affair
published version_refused not_in_this_state              a correction says what is wrong
published drafted        not_in_this_state               it is drafted already
published parted         not_in_this_state               it is not merged

withdrawn edited         anyone                          it is mended before it is shown again
withdrawn version_refused anyone                         its reader finds a fault
withdrawn discarded      not_a_draft                     its number and tombstone stay
withdrawn approved       anyone                          a second reading before restoration
withdrawn invited        anyone                          before it is shown again
withdrawn published      withdrawn_is_restored           the first day of publication stays
withdrawn draft_merged   not_a_draft                     it has an address
withdrawn erased         grave                           it cannot be undone
withdrawn followed_up    case_withdrawn                  nobody would read it
withdrawn reply_received case_withdrawn                  there is nothing to reply to any more
withdrawn replied        case_withdrawn                  there is no page to put it on
withdrawn reply_refused  case_withdrawn                  there is nothing to reply to any more
withdrawn corrected      case_withdrawn                  it is edited, then restored with a note
withdrawn redacted       anyone                          the words go although nobody sees them
withdrawn withdrawn      already_withdrawn               the first tombstone is the one that counts
withdrawn restored       anyone                          the same checklist as for a publication
withdrawn merged         anyone                          its address may lead to a better file
withdrawn drafted        case_withdrawn                  it is drafted already
withdrawn parted         case_withdrawn                  it is not merged

merged    edited         case_merged                     the other case is the one to work on
merged    version_refused case_merged                    the other case is the one to work on
merged    discarded      case_merged                     the other case is the one to work on
merged    approved       anyone                          an erasure is approved here
merged    invited        case_merged                     the other case is the one to work on
merged    published      case_merged                     the other case is the one to read
merged    draft_merged   case_merged                     it leads elsewhere already
merged    erased         grave                           its texts still exist
merged    followed_up    case_merged                     the other case is the one to work on
merged    reply_received case_merged                     the other case is the one to reply to
merged    replied        case_merged                     the other case is the one to reply to
merged    reply_refused  case_merged                     the other case is the one to reply to
merged    corrected      case_merged                     the other case is the one to work on
merged    redacted       case_merged                     it is withdrawn, and parted first
merged    withdrawn      anyone                          its sources and versions can be read
merged    restored       case_merged                     it is not shown
merged    merged         case_merged                     it leads elsewhere already
merged    drafted        case_merged                     it leads elsewhere
merged    parted         anyone                          a merge can be undone, by two

erased    edited         case_erased                     nothing is left
erased    version_refused case_erased                    nothing is left
erased    discarded      case_erased                     nothing is left
erased    approved       case_erased                     there is nothing to agree to
erased    invited        case_erased                     nothing is left
erased    published      case_erased                     nothing is left
erased    draft_merged   case_erased                     nothing is left
erased    erased         case_erased                     it is done already
erased    followed_up    case_erased                     nothing is left
erased    reply_received case_erased                     nothing is left
erased    replied        case_erased                     nothing is left
erased    reply_refused  case_erased                     nothing is left
erased    corrected      case_erased                     nothing is left
erased    redacted       case_erased                     nothing is left
erased    withdrawn      case_erased                     the erasure's tombstone stands
erased    restored       case_erased                     it is for ever
erased    merged         case_erased                     nothing is left
erased    drafted        case_erased                     nothing is left
erased    parted         case_erased                     nothing is left

draft     claimed        anyone                          one says that one works on it
draft     released       anyone                          one says that one has done
draft     noted          anyone                          what members should know
draft     assigned       anyone                         another member goes on with it
draft     urgency_set    anyone                         what cannot wait
draft     source_copied  anyone                          a page may be gone tomorrow
draft     source_dropped anyone                          a wrong file

published claimed        anyone                          one says that one works on it
published released       anyone                          one says that one has done
published noted          anyone                          what members should know
published assigned       anyone                         another member goes on with it
published urgency_set    anyone                         what cannot wait
published source_copied  anyone                          a page may be gone tomorrow
published source_dropped copy_goes_by_redaction          its digest was published

withdrawn claimed        anyone                          one says that one works on it
withdrawn released       anyone                          one says that one has done
withdrawn noted          anyone                          what members should know
withdrawn assigned       anyone                         another member goes on with it
withdrawn urgency_set    anyone                         what cannot wait
withdrawn source_copied  anyone                          a page may be gone tomorrow
withdrawn source_dropped copy_goes_by_redaction          its digest was published

merged    claimed        case_merged                     the other case is the one to work on
merged    released       case_merged                     the other case is the one to work on
merged    noted          anyone                          why it should be parted
merged    assigned       case_merged                    the other case is the one to work on
merged    urgency_set    case_merged                    the other case is the one to work on
merged    source_copied  case_merged                     the other case is the one to work on
merged    source_dropped case_merged                     the other case is the one to work on

erased    claimed        case_erased                     nothing is left
erased    released       case_erased                     nothing is left
erased    noted          case_erased                     nothing is left
erased    assigned       case_erased                    nothing is left
erased    urgency_set    case_erased                    nothing is left
erased    source_copied  case_erased                     nothing is left
erased    source_dropped case_erased                     nothing is left

draft     evidence_added     anyone what supports the case comes with it
draft     evidence_removed   anyone what should not be kept
draft     copy_requested     anyone what the public may see of a file
draft     copy_page_reviewed anyone nothing is public before a member looked
draft     copy_removed       anyone what should not be shown

published evidence_added     anyone what supports the case comes with it
published evidence_removed   anyone what should not be kept
published copy_requested     anyone what the public may see of a file
published copy_page_reviewed anyone nothing is public before a member looked
published copy_removed       anyone what should not be shown

withdrawn evidence_added     anyone what supports the case comes with it
withdrawn evidence_removed   anyone what should not be kept
withdrawn copy_requested     anyone what the public may see of a file
withdrawn copy_page_reviewed anyone nothing is public before a member looked
withdrawn copy_removed       anyone what should not be shown

merged    evidence_added     case_merged the other case is the one to work on
merged    evidence_removed   case_merged the other case is the one to work on
merged    copy_requested     case_merged the other case is the one to work on
merged    copy_page_reviewed case_merged the other case is the one to work on
merged    copy_removed       case_merged the other case is the one to work on

erased    evidence_added     case_erased nothing is left
erased    evidence_removed   case_erased nothing is left
erased    copy_requested     case_erased nothing is left
erased    copy_page_reviewed case_erased nothing is left
erased    copy_removed       case_erased nothing is left

draft     contact_noted      anyone it may be known before the publication
draft     contact_erased     anyone a wrong one goes at once

published contact_noted      anyone the invitation goes there
published contact_erased     anyone a wrong one goes at once

withdrawn contact_noted      anyone it may be restored
withdrawn contact_erased     anyone a wrong one goes at once

merged    contact_noted      case_merged the other case is the one to work on
merged    contact_erased     case_merged the other case is the one to work on

erased    contact_noted      case_erased nothing is left
erased    contact_erased     case_erased nothing is left
"""
ROWS = [line.split(maxsplit=3) for line in TABLE.splitlines() if line]
# Acts on the register, on an account or by a reporter are no acts of a member on a case.
_OTHER_PREFIXES = (
    "member_", "page_", "report_", "incoming_", "post_", "sign", "sessions_", "browsers_",
    "passkey_", "mode_",
)  # fmt: skip
# Acts that follow from another act are allowed by its rule.
_FOLLOWING = (Act.CHANGE_PROPOSED, Act.CHANGE_REFUSED, Act.DESTROYED, Act.DESTRUCTION_KEPT)
# A view of a report, and what the worker does.
_COPIES = (Act.COPY_VIEWED, Act.COPY_MADE, Act.COPY_FAILED)
NOT_OF_A_CASE = (
    Act.OPENED,
    Act.TEXTS_CHANGED,
    Act.SOURCE_WITHDRAWN,
    *_FOLLOWING,
    *_COPIES,
    *(act for act in Act if act.value.startswith(_OTHER_PREFIXES)),
)
CLOSED = {
    CaseState.DRAFT: "not_published_yet",
    CaseState.PUBLISHED: "not_in_this_state",
    CaseState.WITHDRAWN: "case_withdrawn",
    CaseState.MERGED: "case_merged",
    CaseState.ERASED: "case_erased",
}


def test_the_table_names_every_state_and_act_once():
    listed = [(state, act) for state, act, _, _ in ROWS]
    every = [
        (state.value, act.value)
        for state, act in product(CaseState, Act)
        if act not in NOT_OF_A_CASE
    ]
    assert sorted(listed) == sorted(every)


def _answer(state, act, role, has_second):
    try:
        act_permissions.require_allowed(state, act, role, has_second=has_second)
    except Refused as refused:
        # The loser of a race gets the current state.
        has_state = refused.values == {"state": state.value, "act": act.value}
        return refused.key if has_state else f"{refused.key}, without saying the state"
    return "yes"


def _expected(verdict, role, has_second):
    if verdict == ANYONE:
        return "yes"
    if verdict == GRAVE:
        if role is not Role.ADMINISTRATOR:
            return "administrators_only"
        return "yes" if has_second else "second_person_missing"
    return verdict


@pytest.mark.parametrize(
    ("state", "act", "verdict", "why"),
    ROWS,
    ids=[f"{act} when {state}: {why}" for state, act, _, why in ROWS],
)
def test_each_row_of_the_table_is_the_rule(state, act, verdict, why):
    for role, has_second in product(Role, (False, True)):
        answer = _answer(CaseState(state), Act(act), role, has_second)
        assert answer == _expected(verdict, role, has_second), (role, has_second, why)


@pytest.mark.parametrize("act", NOT_OF_A_CASE)
@pytest.mark.parametrize("state", CaseState)
def test_acts_on_other_things_are_refused_in_every_state(state, act):
    for role in Role:
        assert _answer(state, act, role, has_second=True) == CLOSED[state]


# --- follow-up or correction -------------------------------------------------------------------

RULING = StepContent("jugement", "2010", "relaxe", court="TGI de Bobigny", appeal="oui")
SUIT = ProceedingContent(direction="contre_cible", nature="penale", steps=(RULING,))
OTHER = ProceedingContent(direction="par_cible")
BEFORE = Content(title="Gagny", outcome="en_cours", date="2008", proceedings=(SUIT, OTHER))
ASKED = RequestContent(asked="un budget", outcome="en_cours")
WITH_END = replace(BEFORE, end_date="2010-06", request=ASKED)


def _with_steps(*steps, suit=SUIT, **changes):
    """The content before with other steps of a proceeding."""
    changed = tuple(
        replace(row, steps=steps, **changes) if row is suit else row for row in BEFORE.proceedings
    )
    return replace(BEFORE, proceedings=changed)


@pytest.mark.parametrize(
    ("after", "changed", "why"),
    [
        (replace(BEFORE, outcome="relaxe"), {"outcome"}, "the affair ended"),
        (replace(BEFORE, end_date="2010"), {"end_date"}, "and so did it on a day"),
        (_with_steps(RULING, StepContent("arret")), {"proceedings.steps"}, "the appeal was heard"),
        (
            _with_steps(StepContent("plainte"), suit=OTHER),
            {"proceedings.steps"},
            "the first step of a proceeding is one too",
        ),
        (replace(BEFORE, request=RequestContent(asked="un budget")), {"request"}, "CADA answered"),
    ],
)
def test_a_follow_up_may_change_outcome_and_steps(after, changed, why):
    assert act_permissions.changed_fields(BEFORE, after) == changed, why
    act_permissions.require_follow_up(BEFORE, after)


@pytest.mark.parametrize(
    ("changes", "refused", "why"),
    [
        ({"outcome": "relaxe"}, [], "an outcome follows another"),
        ({"outcome": "inconnue"}, ["outcome"], "a known outcome is not taken back"),
        ({"outcome": ""}, ["outcome"], "nor removed"),
        ({"end_date": "2011"}, [], "the affair goes on"),
        ({"end_date": "2010-06-30"}, [], "a day of its month adds to the month"),
        ({"end_date": "2010"}, ["end_date"], "a month does not become a year"),
        ({"end_date": "2009-12"}, ["end_date"], "the end does not move back"),
        ({"end_date": ""}, ["end_date"], "nor go"),
        ({"end_date": "hier"}, [], "no date: the validation refuses it with its reason"),
        ({"request": replace(ASKED, refusal="implicite")}, [], "the town did not answer"),
        ({"request": replace(ASKED, outcome="communication_obtenue")}, [], "it did"),
        ({"request": replace(ASKED, outcome="inconnue")}, ["request"], "what is known stays so"),
        ({"request": replace(ASKED, asked="une note")}, ["request"], "what was asked is published"),
        ({"request": replace(ASKED, asked="")}, ["request"], "and is not removed"),
        ({"request": None}, ["request"], "nor is the whole request"),
    ],
)
def test_a_follow_up_adds_and_takes_nothing_back(changes, refused, why):
    after = replace(WITH_END, **changes)
    if not refused:
        act_permissions.require_follow_up(WITH_END, after)
        return
    with pytest.raises(Refused) as error:
        act_permissions.require_follow_up(WITH_END, after)
    assert (error.value.key, error.value.values["fields"]) == ("needs_correction", refused), why


@pytest.mark.parametrize(
    ("after", "changed", "why"),
    [
        (replace(BEFORE, title="Le maire de Gagny"), ["title"], "the account was published"),
        (replace(BEFORE, summary="x", outcome="relaxe"), ["summary"], "not even beside an outcome"),
        (replace(BEFORE, date="2009"), ["date"], "the day of the facts is part of the account"),
        (
            replace(BEFORE, sources=(SourceContent("https://a.test"),)),
            ["sources"],
            "so are sources",
        ),
        (
            _with_steps(RULING, StepContent("arret"), direction="par_cible"),
            ["proceedings"],
            "who acts against whom is the account itself",
        ),
        (replace(BEFORE, proceedings=(SUIT,)), ["proceedings"], "a proceeding does not go"),
        (
            replace(BEFORE, proceedings=(SUIT, OTHER, SUIT)),
            ["proceedings"],
            "nor does a new one come",
        ),
        (
            _with_steps(replace(RULING, appeal="non")),
            ["proceedings"],
            "a follow-up overwrites no decision",
        ),
        (_with_steps(StepContent("arret")), ["proceedings"], "nor does it replace one"),
        (_with_steps(), ["proceedings"], "nor take one away"),
        (
            _with_steps(RULING, StepContent("arret"), StepContent("pourvoi")),
            ["proceedings"],
            "one follow-up adds one decision",
        ),
        (replace(BEFORE, links=(LinkContent("voir_aussi", 1),)), ["links"], "links are curated"),
        (replace(BEFORE, contested=True), ["contested"], "a dispute needs a correction"),
    ],
)
def test_a_follow_up_may_not_change_the_account(after, changed, why):
    with pytest.raises(Refused) as refused:
        act_permissions.require_follow_up(BEFORE, after)
    assert (refused.value.key, refused.value.values) == ("needs_correction", {"fields": changed}), (
        why
    )


def test_equal_contents_have_no_changed_field():
    assert act_permissions.changed_fields(BEFORE, replace(BEFORE)) == frozenset()
