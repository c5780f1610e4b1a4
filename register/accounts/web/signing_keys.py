"""The root key and the keys made from it, as views reach them: one label a purpose."""

from __future__ import annotations

from register.web.context import key_store

# What signs the cookie of a session and the tokens of its forms.
COOKIE_PURPOSE = "cookies and their forms"
# What signs the forms of the site, which have no session.
FORM_PURPOSE = "forms without a session"


def root_key() -> bytes:
    """The root key, from which second factors are closed and tries are counted.

    :raises SealError: seal key or key store missing or foreign, or no ``init`` yet.
    """
    return key_store().root


def derived_key(purpose: str) -> bytes:
    """The key of one purpose.

    :raises SealError: as :func:`root_key`.
    """
    return key_store().derived_key(purpose)
