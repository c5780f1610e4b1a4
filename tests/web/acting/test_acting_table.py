"""(route, state, member) → result, for every act on a case, and the lines that each leaves.

``303`` is done, ``409`` is not possible now. The numbers after it are the lines added to the
public ledger and to the desk's; whatever is refused adds none.
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

# route, who, what is sent, and the result in each of STATES.
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
    "retirer": ("bruno", {"restriction": "erreur", "reason": "r"}, (NO, PUBLIC, NO, NO, NO)),
    "reunir": ("bruno", {"reason": "r", "into": True}, (DESK, PUBLIC, PUBLIC, NO, NO)),
    "effacer": ("ada", {"restriction": "erreur"}, (DESK, PUBLIC, PUBLIC, PUBLIC, NO)),
    "abandonner": ("bruno", {}, (DESK, NO, NO, NO, NO)),
}
ROWS = [
    (route, state, who, sent, results[place])
    for route, (who, sent, results) in TABLE.items()
    for place, state in enumerate(STATES)
]


@pytest.fixture
def filed(request, desk, pen, cast):
    """A case in a state, with the invitation and approvals that its act requires."""
    route, state = request.node.callspec.params["route"], request.node.callspec.params["state"]
    made = getattr(desk, state)()
    with pen() as p:
        if state == "draft":
            acts.invite(p, made.id, "courriel", by=cast.bruno, on=date(2026, 2, 20))
        if route == "effacer" and state != "erased":
            acts.approve(p, made.id, by=cast.chloe, purpose="erase")
    return made


@pytest.fixture
def other(desk):
    """Another public case, as the target of a merge."""
    return desk.published()


@pytest.mark.parametrize(("route", "state", "who", "sent", "result"), ROWS)
def test_an_act_is_done_or_refused_and_leaves_its_lines(
    signed, filed, other, vu, ticked, standing, route, state, who, sent, result
):
    told = {name: value for name, value in sent.items() if isinstance(value, str)} | vu(filed)
    told |= ticked if "ticked" in sent else {}
    told |= {"into": str(other.number)} if "into" in sent else {}
    browser, address = signed(who), f"/moderation/dossiers/{filed.id}/{route}"
    assert browser.get(address).status_code == 200
    before = standing()
    answer = browser.send(address, told)
    after = standing()
    assert (answer.status_code, after[0] - before[0], after[1] - before[1]) == result
    if answer.status_code == 303:
        assert answer.location == f"/moderation/dossiers/{filed.id}"
        assert 'role="status"' in browser.get(answer.location).text


@pytest.mark.parametrize("state", STATES)
def test_get_requests_change_nothing(signed, desk, standing, state):
    filed, before = getattr(desk, state)(), None
    for name in ("bruno", "ada"):
        browser = signed(name)
        before = before or standing()
        assert browser.get(f"/moderation/dossiers/{filed.id}").status_code == 200
        for route in TABLE:
            status = browser.get(f"/moderation/dossiers/{filed.id}/{route}").status_code
            # Erasing is the administrators' own, and the door may say so first.
            assert status == 200 or (route, name, status) == ("effacer", "bruno", 403)
    assert standing() == before


@pytest.mark.parametrize("name", ["bruno", "chloe"])
def test_moderator_cannot_erase(signed, desk, pen, cast, vu, standing, name):
    filed = desk.published()
    with pen() as p:
        acts.approve(p, filed.id, by=cast.bruno, purpose="erase")
        acts.approve(p, filed.id, by=cast.chloe, purpose="erase")
    before = standing()
    address = f"/moderation/dossiers/{filed.id}/effacer"
    answer = signed(name).send(address, vu(filed) | {"restriction": "erreur"})
    assert answer.status_code in (403, 409)
    assert standing() == before


@pytest.mark.parametrize("route", TABLE)
@pytest.mark.parametrize("filed", ["404", "0", "99999999999999999999"])
def test_a_case_that_is_not_there_is_not_found(signed, standing, route, filed):
    before, browser = standing(), signed("ada")
    address = f"/moderation/dossiers/{filed}/{route}"
    assert browser.get(address).status_code == 404
    assert browser.send(address, {"vu": "1"}).status_code == 404
    assert standing() == before


@pytest.mark.parametrize("route", ["publier", "refuser"])
@pytest.mark.parametrize("state", ["received", "decided", "withdrawn"])
def test_a_reply_is_decided_once_and_while_its_case_is_shown(
    signed, desk, pen, cast, vu, standing, route, state
):
    filed = desk.published()
    reply = desk.received_reply(filed)
    with pen() as p:
        if state == "decided":
            acts.refuse_reply(p, reply, by=cast.chloe, refusal="r")
        if state == "withdrawn":
            acts.withdraw(p, filed.id, by=cast.chloe, restriction="erreur", reason="r")
    browser, address = signed("bruno"), f"/moderation/reponses/{reply}/{route}"
    assert browser.get(address).status_code == 200
    before = standing()
    told = vu(filed) | {"reason": "régulière", "refusal": "hors délai"}
    answer = browser.send(address, told)
    after = standing()
    done = PUBLIC if route == "publier" else DESK
    added = (after[0] - before[0], after[1] - before[1])
    assert (answer.status_code, *added) == (done if state == "received" else NO)


@pytest.mark.parametrize("reply", ["404", "0", "99999999999999999999"])
def test_a_reply_that_is_not_there_is_not_found(signed, reply):
    for route in ("publier", "refuser"):
        assert signed("bruno").get(f"/moderation/reponses/{reply}/{route}").status_code == 404
