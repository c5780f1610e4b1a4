"""Every page of a site in a browser, in a profile of the member who opens it."""

from __future__ import annotations

import time

from page_checks import SEND
from page_sites import PageSite, SitePage
from playwright.sync_api import Browser, BrowserContext, Page

from register.accounts.sessions import CONFIRMED_FOR
from register.text.dates import Language


class SiteBrowser:
    """Opens the pages of a served site, one at a time."""

    def __init__(self, site: PageSite, base: str, browser: Browser) -> None:
        self.site, self.base, self.browser = site, base, browser
        self._contexts: dict[tuple[str, int, int], BrowserContext] = {}

    def open(self, name: str, language: Language = "fr") -> Page:
        """A page, answered with the status that it should have."""
        target = self.site.page(name, language)
        page = self._new_page(target)
        if target.fields is None:
            answer = page.goto(self.base + target.path)
        else:
            # A form is sent as its own page would send it.
            page.goto(self.base + ("/compte" if target.member else "/suivi"))
            fields = dict(target.fields)
            if target.member:
                token = page.locator("input[name=csrf_token]").first
                fields["csrf_token"] = token.get_attribute("value") or ""
            with page.expect_navigation() as navigation:
                page.evaluate(SEND, [target.path, fields])
            answer = navigation.value
        assert answer
        assert answer.status == target.status, name
        return page

    def _new_page(self, target: SitePage) -> Page:
        # Before their password is asked for again.
        period = int(time.monotonic() / CONFIRMED_FOR.total_seconds() * 2)
        profile = (target.member, target.minutes, period)
        if profile not in self._contexts:
            self._contexts[profile] = self._new_context(target)
        context = self._contexts[profile]
        for page in context.pages:
            page.close()
        return context.new_page()

    def _new_context(self, target: SitePage) -> BrowserContext:
        context = self.browser.new_context(reduced_motion="reduce", locale="fr-FR")
        if target.member:
            name = self.site.app.config["SESSION_COOKIE_NAME"]
            cookie = self.site.client(target).client.get_cookie(name)
            assert cookie
            context.add_cookies([{"name": name, "value": cookie.value, "url": self.base}])
        return context

    def close(self) -> None:
        """Close every browser."""
        for context in self._contexts.values():
            context.close()
