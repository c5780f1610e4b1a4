"""Registers that have every page, and their pages: address, member, response."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from flask import Flask
from form_client import MemberClient
from werkzeug.test import TestResponse

from register.db import now
from register.reports.web import public_forms
from register.reports.web.follow_up_page import PURPOSE as FOLLOW_UP
from register.reports.web.report_views import PURPOSE as REPORT
from register.text.dates import Language
from register.web.l10n import in_language


@dataclass(frozen=True)
class SitePage:
    """An address, the fields of a form if one is sent there, and the status of the answer.

    ``{…}`` in the address and the fields is one of :attr:`PageSite.names`.
    """

    path: str
    fields: Mapping[str, str] | None = None
    status: int = 200
    # First name of the signed-in member; empty for a stranger.
    member: str = ""
    # Minutes since the sign-in.
    minutes: int = 0


@dataclass(frozen=True)
class PageSite:
    """A register that has every page of :attr:`pages`, and its application."""

    app: Flask
    pages: Mapping[str, SitePage]
    members: Mapping[str, int]
    names: Mapping[str, str] = field(repr=False)

    def page(self, name: str, language: Language = "fr") -> SitePage:
        """A page with its address and fields filled in; the tokens of forms are new."""
        page = self.pages[name]
        with self.app.app_context():
            tokens = {
                "report token": public_forms.new_token(REPORT),
                "follow-up token": public_forms.new_token(FOLLOW_UP),
                "notice token": public_forms.new_token(public_forms.NOTICE_FORM_NAME),
            }
        names = {**self.names, **tokens}
        path = in_language(page.path.format(**names), language)
        if page.fields is None:
            return replace(page, path=path)
        fields = {key: typed.format(**names) for key, typed in page.fields.items()}
        return replace(page, path=path, fields=fields)

    def client(self, page: SitePage) -> MemberClient:
        """The client of the member who opens a page."""
        signed_in = now() - timedelta(minutes=page.minutes)
        return MemberClient(self.app, self.members[page.member], signed_in)

    def answer(self, name: str, language: Language = "fr") -> TestResponse:
        """The response of a page, checked to have its status."""
        page = self.page(name, language)
        if page.member:
            member = self.client(page)
            has_form = page.fields is not None
            response = member.send(page.path, page.fields) if has_form else member.get(page.path)
        else:
            stranger = self.app.test_client(use_cookies=False)
            method = "GET" if page.fields is None else "POST"
            response = stranger.open(page.path, method=method, data=page.fields)
        assert response.status_code == page.status, name
        return response
