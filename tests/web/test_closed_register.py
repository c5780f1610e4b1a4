"""What readers, reporters and members see of a register that takes no form."""

from __future__ import annotations

import pytest
from cast import PASSWORD
from form_client import FormClient, MemberClient, sign_in
from report_factory import count_rows

from register.accounts import sessions
from register.journal import writing
from register.journal.service_mode import ServiceMode
from register.operations.doctor import examine
from register.reports.models import Report

pytestmark = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)

ACCOUNT = "Ce soir au conseil, le maire a fait éteindre ma caméra."


@pytest.fixture
def close(engine):
    """``close(mode)``: what ``webcitoyen mode`` does, from another process."""

    def change(mode=ServiceMode.READ_ONLY):
        with writing(engine) as tx:
            sessions.change_mode(tx, mode)

    return change


@pytest.mark.parametrize("mode", [ServiceMode.READ_ONLY, ServiceMode.LOCKDOWN])
def test_a_report_under_way_is_refused_keeps_its_text_and_goes_once_open(
    app, settings, cast, close, mode
):
    amina = FormClient(app)
    amina.get("/signaler")
    assert amina.send("/signaler", etape="verifier", recit=ACCOUNT).status_code == 200
    close(mode)
    refused = amina.send("/signaler", etape="envoyer")
    assert refused.status_code == 503
    assert refused.headers["Retry-After"]
    assert "depuis le" in amina.text
    assert "rien n’a été enregistré" in amina.text
    assert dict(amina.form("/signaler").fields)["recit"].strip() == ACCOUNT
    assert count_rows(settings, Report) == 0
    begun = FormClient(app)
    assert begun.get("/signaler").status_code == 200
    assert "Ce que vous enverriez ne serait pas enregistré" in begun.text
    for address in ("/", "/incidents", "/incidents.atom", "/registre", "/suivi"):
        assert app.test_client().get(address).status_code == 200
    close(ServiceMode.OPEN)
    amina.send("/signaler", etape="verifier")
    assert amina.send("/signaler", etape="envoyer").status_code == 200
    assert count_rows(settings, Report) == 1


def test_files_wait_for_a_register_that_is_closed(app, close):
    amina = FormClient(app)
    amina.get("/signaler")
    token = dict(amina.form("/signaler").fields)["jeton"]
    close()
    sent = {"jeton": token, "nom": "a.jpg", "taille": "10"}
    begun = amina.post("/signaler/fichiers/commencer", data=sent)
    assert (begun.status_code, "lecture seule" in begun.json["erreur"]) == (503, True)


def test_read_only_keeps_the_form_of_a_member_who_may_still_sign_in_and_out(app, cast, desk, close):
    case = desk.draft()
    bruno = MemberClient(app, cast.bruno)
    close()
    assert "en lecture seule" in bruno.get("/moderation").text
    address = f"/moderation/dossiers/{case.id}/notes"
    refused = bruno.send(address, text="Appeler le greffe demain matin.")
    assert refused.status_code == 503
    assert "Appeler le greffe demain matin." in refused.text
    assert "en lecture seule depuis" in refused.text
    # A passkey is asked for by a form of its own; there is none at an address without a name.
    assert bruno.send("/compte/cles/defi").status_code == 403
    chloe = sign_in(app, cast.email("chloe"))
    assert chloe.follow().status_code == 200
    assert chloe.send("/compte/deconnexion").status_code == 303
    close(ServiceMode.OPEN)
    assert bruno.send(address, text="Appeler le greffe demain matin.").status_code == 303


def test_lockdown_ends_sessions_and_refuses_new_ones(app, cast, close):
    bruno = MemberClient(app, cast.bruno)
    assert bruno.get("/moderation").status_code == 200
    close(ServiceMode.LOCKDOWN)
    assert bruno.get("/moderation").status_code == 303
    chloe = FormClient(app)
    assert "les connexions sont fermées" in chloe.get("/compte/connexion").text
    email = cast.email("chloe")
    refused = chloe.send(
        "/compte/connexion", adresse=email, mot_de_passe=PASSWORD, code_a_usage_unique=""
    )
    assert (refused.status_code, email in refused.text) == (503, True)
    assert PASSWORD not in refused.text
    assert chloe.get("/moderation").status_code == 303


def test_readiness_and_doctor_say_the_mode(app, settings, engine, close):
    probe = app.test_client()
    assert "mode" not in probe.get("/readyz").json
    close()
    ready = FormClient(app).get("/readyz")
    assert (ready.status_code, ready.json["mode"]) == (200, "readonly")
    engine.dispose()
    assert [f.detail[:8] for f in examine(settings) if f.code == "service_mode"] == ["readonly"]
