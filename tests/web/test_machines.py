"""Two machines of one register: other folders and addresses, the same keys, tags and forms."""

from __future__ import annotations

from dataclasses import replace

import pytest
from databases import plain_app
from form_client import MemberClient

from register.errors import SealError
from register.reports.web import public_forms
from register.reports.web.report_views import PURPOSE
from register.server import startup_checks
from register.web import etag
from register.web.error_messages import error_sentence


@pytest.fixture
def machines(settings, tmp_path):
    """The applications of two machines that share database, seal key and key store."""
    other = replace(
        settings,
        instance=tmp_path / "other",
        limiter_url="redis://127.0.0.2/1",
        database_connections=6,
        trusted_proxies=1,
    )
    with plain_app(settings) as first, plain_app(other) as second:
        yield first, second


def test_machines_agree_on_tags_cookies_and_forms(machines, cast):
    first, second = machines
    assert first.extensions[etag.BUILD_KEY] == second.extensions[etag.BUILD_KEY]
    pages = [app.test_client(use_cookies=False).get("/") for app in machines]
    assert pages[0].headers["ETag"] == pages[1].headers["ETag"]
    with first.app_context():
        token = public_forms.new_token(PURPOSE)
    with second.app_context():
        assert public_forms.read_token(PURPOSE, token)
    signed_in = MemberClient(first, cast.bruno)
    name = first.session_interface.get_cookie_name(first)
    other = second.test_client()
    other.set_cookie(name, signed_in.client.get_cookie(name).value)
    assert other.get("/moderation").status_code == 200


def test_a_machine_without_the_seal_key_says_what_to_copy(settings, tmp_path):
    bare = replace(settings, seal_dir=tmp_path / "without")
    with plain_app(bare) as app, app.app_context():
        with pytest.raises(SealError) as refused:
            startup_checks.require_servable(app)
        assert "d’une autre machine" in error_sentence(refused.value)
