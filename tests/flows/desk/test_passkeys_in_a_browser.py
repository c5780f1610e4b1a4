"""Two authenticators of one member: both sign in, one is lost, the other and recovery work."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest
from cast import PASSWORD, Cast
from databases import serve
from desk_steps import expect_heading, expect_message
from input_devices import Pointer
from page_checks import Watch, browsers
from playwright.sync_api import Browser, CDPSession, Page, expect

from register import create_app
from register.accounts import acts as accounts
from register.accounts import two_factor
from register.config import Settings
from register.journal import writing
from register.web import request_context

pytestmark = [pytest.mark.browser, pytest.mark.one_database]


@dataclass(frozen=True)
class Place:
    """Where the register answers, by a name, and Bruno's recovery codes."""

    base: str
    email: str
    codes: list[str]


@pytest.fixture
def place(settings: Settings, cast: Cast) -> Iterator[Place]:
    """A register that requires a second factor, at an address with a name."""
    app = create_app(replace(settings, require_2fa=True))
    with serve(app) as address:
        # A passkey is bound to a name, and no browser takes numbers for one.
        base = address.replace("127.0.0.1", "localhost")
        app.extensions["register.settings"] = replace(settings, require_2fa=True, base_url=base)
        codes, secret = two_factor.recovery_codes(), two_factor.new_secret()
        with app.app_context(), writing() as pen:
            key = request_context.root_key()
            accounts.set_factor(pen, cast.bruno, secret, key, codes, 0)
        yield Place(base, cast.email("bruno"), codes)


class VirtualAuthenticators:
    """Authenticators of Chromium, of which one at a time is at hand."""

    def __init__(self, page: Page) -> None:
        self.devtools: CDPSession = page.context.new_cdp_session(page)
        self.devtools.send("WebAuthn.enable", {"enableUI": False})

    def add(self, transport: str) -> str:
        """A new authenticator, which nobody touches yet."""
        options = {
            "protocol": "ctap2",
            "transport": transport,
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": False,
        }
        added = self.devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        return str(added["authenticatorId"])

    def lose(self, authenticator: str) -> None:
        self.devtools.send(
            "WebAuthn.removeVirtualAuthenticator", {"authenticatorId": authenticator}
        )

    @contextmanager
    def at_hand(self, authenticator: str) -> Iterator[None]:
        for enabled in (True, False):
            self.devtools.send(
                "WebAuthn.setAutomaticPresenceSimulation",
                {"authenticatorId": authenticator, "enabled": enabled},
            )
            if enabled:
                yield


def sign_in_by_code(user: Pointer, place: Place) -> None:
    user.page.goto("/compte/connexion")
    user.write("Adresse électronique", place.email)
    user.write("Mot de passe", PASSWORD)
    user.write("Code", place.codes.pop())
    user.page.get_by_role("button", name="Se connecter", exact=True).click()
    expect_heading(user.page, "À faire")


def sign_in_by_passkey(user: Pointer) -> None:
    user.page.goto("/compte/connexion")
    user.press("Se connecter avec une clé d’accès")


def sign_out(user: Pointer) -> None:
    user.press("Se déconnecter")
    expect_heading(user.page, "Se connecter")


def add_passkey(user: Pointer, name: str) -> None:
    user.page.goto("/compte")
    user.press("Ajouter une clé d’accès")
    expect_heading(user.page, "Ajouter une clé d’accès")
    user.write("Nom de la clé d’accès", name)
    user.press("Créer la clé d’accès")
    expect_message(user.page, "La clé d’accès est ajoutée")


def test_two_authenticators_sign_in_one_is_lost_and_the_other_and_recovery_work(
    place: Place, browser: Browser, watch: list[Watch]
) -> None:
    with browsers(browser, place.base, watch) as open_browser:
        page = open_browser(390, scripts=True)
        user, devices = Pointer(page), VirtualAuthenticators(page)
        sign_in_by_code(user, place)
        telephone, key = devices.add("internal"), devices.add("usb")
        for device, name in ((telephone, "téléphone"), (key, "clé bleue")):
            with devices.at_hand(device):
                add_passkey(user, name)
        # An authenticator that has one makes no second one.
        user.press("Ajouter une clé d’accès")
        user.write("Nom de la clé d’accès", "encore le téléphone")
        with devices.at_hand(telephone):
            user.press("Créer la clé d’accès")
            expect(page.get_by_text("Cet appareil a déjà une clé d’accès")).to_be_visible()
        for device in (telephone, key):
            sign_out(user)
            with devices.at_hand(device):
                sign_in_by_passkey(user)
                expect_heading(page, "À faire")
        # The telephone is lost: its passkey is removed with the key, and the key still works.
        devices.lose(telephone)
        page.goto("/compte")
        page.get_by_role("button", name=re.compile("^Retirer la clé d’accès «.téléphone.»")).click()
        expect_heading(page, "Confirmez que c’est vous")
        user.press("Continuer avec une clé d’accès")
        expect(page.get_by_label("Mot de passe")).to_be_focused()
        user.write("Mot de passe", PASSWORD)
        with devices.at_hand(key):
            user.press("Continuer avec une clé d’accès")
            expect_message(page, "La clé d’accès est retirée")
            sign_out(user)
            sign_in_by_passkey(user)
            expect_heading(page, "À faire")
        sign_out(user)
        # All authenticators are lost, and there is no JavaScript.
        devices.lose(key)
        other = Pointer(open_browser(1280, scripts=False))
        other.page.goto("/compte/connexion")
        expect(other.page.get_by_text("clé d’accès")).to_be_hidden()
        sign_in_by_code(other, place)
