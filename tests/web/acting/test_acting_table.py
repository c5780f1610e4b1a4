"""(route, state, member) → result, for every act on a case.

A result is the status (``303`` done, ``409`` not possible now) and the numbers of lines added to
the public ledger and to the desk ledger.
"""

from __future__ import annotations

from datetime import date

import pytest

from register.cases import acts

pytestmark = pytest.mark.prove

STATES = ("draft", "published", "withdrawn", "merged", "erased")
NO = (409, 0, 0)
PUBLIC = (303, 1, 0)
DESK = (303, 0, 1)

# Route → member, form fields, and the result in each of STATES.
TABLE = {
    "publier": ("bruno", {"reason": "lu", "ticked": True}, (PUBLIC, NO, NO, NO, NO)),
    "retablir": ("bruno", {"reason": "lu", "ticked": True}, (NO, NO, PUBLIC, NO, NO)),
    "approuver": ("chloe", {}, (DESK, NO, DESK, NO, NO)),
    "approuver?pour=effacement": ("chloe", {}, (DESK, DESK, DESK, DESK, NO)),
    "inviter": (
        "bruno",
        {"how": "yes", "on": "2026-03-02", "text": "courriel"},
        (DESK, DESK, DESK, NO, NO),
    ),
    "reponse": (
        "bruno",
        {"author": "a", "capacity": "c", "text": "t", "received_on": "02/03/2026"},
        (NO, DESK, NO, NO, NO),
    ),
    "retirer": ("bruno", {"restriction": "erreur", "reason": "r"}, (NO, PUBLIC, NO, PUBLIC, NO)),
    "reunir": ("bruno", {"reason": "r", "into": True}, (DESK, DESK, DESK, NO, NO)),
    "separer": ("bruno", {"reason": "r"}, (NO, NO, NO, DESK, NO)),
    "effacer": ("ada", {"restriction": "erreur"}, (DESK, PUBLIC, PUBLIC, PUBLIC, NO)),
    "abandonner": ("bruno", {}, (DESK, NO, NO, NO, NO)),
}
ROWS = [
    (route, state, who, sent, results[place])
    for route, (who, sent, results) in TABLE.items()
    for place, state in enumerate(STATES)
]


@pytest.fixture
def case(request, desk, pen, cast):
    """A case in a state, with the invitation and approvals that its act requires."""
    route, state = request.node.callspec.params["route"], request.node.callspec.params["state"]
    case_ref = getattr(desk, state)()
    with pen() as p:
        if state == "draft":
            acts.invite(p, case_ref.id, "courriel", by=cast.bruno, on=date(2026, 2, 20))
        if route == "effacer" and state != "erased":
            acts.approve(p, case_ref.id, by=cast.chloe, purpose="erase")
    return case_ref


@pytest.fixture
def other(desk):
    """Another public case, as the target of a merge."""
    return desk.published()


@pytest.mark.parametrize(("route", "state", "member", "typed", "result"), ROWS)
def test_an_act_is_done_or_refused_and_leaves_its_lines(
    signed,
    case,
    other,
    revision_field,
    attestations,
    line_counts,
    route,
    state,
    member,
    typed,
    result,
):
    form = {
        name: value for name, value in typed.items() if isinstance(value, str)
    } | revision_field(case)
    form |= attestations if "ticked" in typed else {}
    form |= {"into": str(other.number)} if "into" in typed else {}
    browser, address = signed(member), f"/moderation/dossiers/{case.id}/{route}"
    assert browser.get(address).status_code == 200
    counts_before = line_counts()
    response = browser.send(address, form)
    counts_after = line_counts()
    assert (
        response.status_code,
        counts_after[0] - counts_before[0],
        counts_after[1] - counts_before[1],
    ) == result
    if response.status_code == 303:
        assert response.location == f"/moderation/dossiers/{case.id}"
        assert 'role="status"' in browser.get(response.location).text


@pytest.mark.parametrize("state", STATES)
def test_get_requests_change_nothing(signed, desk, line_counts, state):
    case, counts_before = getattr(desk, state)(), None
    for name in ("bruno", "ada"):
        browser = signed(name)
        counts_before = counts_before or line_counts()
        assert browser.get(f"/moderation/dossiers/{case.id}").status_code == 200
        for route in TABLE:
            status = browser.get(f"/moderation/dossiers/{case.id}/{route}").status_code
            # Only administrators may erase.
            assert status == 200 or (route, name, status) == ("effacer", "bruno", 403)
    assert line_counts() == counts_before


@pytest.mark.parametrize("name", ["bruno", "chloe"])
def test_moderator_cannot_erase(signed, desk, pen, cast, revision_field, line_counts, name):
    case = desk.published()
    with pen() as p:
        acts.approve(p, case.id, by=cast.bruno, purpose="erase")
        acts.approve(p, case.id, by=cast.chloe, purpose="erase")
    counts_before = line_counts()
    address = f"/moderation/dossiers/{case.id}/effacer"
    response = signed(name).send(address, revision_field(case) | {"restriction": "erreur"})
    assert response.status_code in (403, 409)
    assert line_counts() == counts_before


@pytest.mark.parametrize("route", TABLE)
@pytest.mark.parametrize("case_id", ["404", "0", "99999999999999999999"])
def test_an_unknown_case_is_not_found(signed, line_counts, route, case_id):
    counts_before, browser = line_counts(), signed("ada")
    address = f"/moderation/dossiers/{case_id}/{route}"
    assert browser.get(address).status_code == 404
    assert browser.send(address, {"vu": "1"}).status_code == 404
    assert line_counts() == counts_before


@pytest.mark.parametrize("route", ["publier", "refuser"])
@pytest.mark.parametrize("state", ["received", "decided", "withdrawn"])
def test_a_reply_is_decided_once_and_while_its_case_is_published(
    signed, desk, pen, cast, revision_field, attestations, line_counts, route, state
):
    case = desk.published()
    reply = desk.received_reply(case)
    with pen() as p:
        if state == "decided":
            acts.refuse_reply(p, reply, by=cast.chloe, code="longueur", refusal="r")
        if state == "withdrawn":
            acts.withdraw(p, case.id, by=cast.chloe, restriction="erreur", reason="r")
    browser, address = signed("bruno"), f"/moderation/reponses/{reply}/{route}"
    assert browser.get(address).status_code == 200
    counts_before = line_counts()
    form = revision_field(case) | attestations | {"reason": "régulière", "refusal": "hors délai"}
    form["code"] = "delai"
    response = browser.send(address, form)
    counts_after = line_counts()
    expected = PUBLIC if route == "publier" else DESK
    added = (counts_after[0] - counts_before[0], counts_after[1] - counts_before[1])
    assert (response.status_code, *added) == (expected if state == "received" else NO)


@pytest.mark.parametrize("reply", ["404", "0", "99999999999999999999"])
def test_an_unknown_reply_is_not_found(signed, reply):
    for route in ("publier", "refuser"):
        assert signed("bruno").get(f"/moderation/reponses/{reply}/{route}").status_code == 404
