"""Blueprints of the site, and decorators of their views: who may open one, which ask a password.

All applications of a process share the blueprints. Views, hooks and template globals are attached
when their module is imported: Flask refuses that once a blueprint has been registered.

``register/accounts/web/access_control.py`` reads the decorators before every view of the desk and
of accounts. A view without decorator is open to all members and nobody else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any, TypeVar

from flask import Blueprint
from flask_wtf.csrf import CSRFProtect

from register.web.request_context import settings

public = Blueprint("public", __name__)
# Reports by citizens and their follow-up.
submit = Blueprint("submit", __name__)
account = Blueprint("account", __name__, url_prefix="/compte")
desk = Blueprint("moderation", __name__, url_prefix="/moderation")


View = TypeVar("View", bound=Callable[..., Any])

_ATTRIBUTE = "register_permission"

# The CSRF check; access control adds it to an application.
csrf = CSRFProtect()


class Audience(Enum):
    """Who may open a view."""

    ALL = auto()
    BEFORE_SECOND_FACTOR = auto()
    MEMBERS = auto()
    ADMINISTRATORS = auto()


def always(**_view_args: object) -> bool:
    """The condition of an act that always asks for the password."""
    return True


@dataclass(frozen=True)
class GraveAct:
    """An act that cannot be undone or that gives access.

    :param words: what the member is about to do.
    :param when: whether this request asks; takes the arguments of the view.
    :param in_own_form: the view's own form asks, even when the member confirmed recently.
    """

    words: Any
    when: Callable[..., bool] = always
    in_own_form: bool = False


@dataclass(frozen=True)
class Permission:
    """The permission that the decorators of a view declare.

    :param form_reader: reads the form of a member, before anything else does.
    """

    audience: Audience = Audience.MEMBERS
    grave_act: GraveAct | None = None
    form_reader: Callable[[], None] | None = None


def permission_of(view: Callable[..., Any] | None) -> Permission:
    """The permission of a view; the default for an address without view."""
    return getattr(view, _ATTRIBUTE, Permission())


def open_to_all(view: View) -> View:
    """Let anybody in: sign-in and invitations."""
    return _mark(view, audience=Audience.ALL)


def before_second_factor(view: View) -> View:
    """Let in members who have yet to set up the second factor that they need."""
    return _mark(view, audience=Audience.BEFORE_SECOND_FACTOR)


def administrators_only(view: View) -> View:
    """Refuse all but administrators."""
    return _mark(view, audience=Audience.ADMINISTRATORS)


def asks_password(
    words: Any, *, when: Callable[..., bool] = always, in_own_form: bool = False
) -> Callable[[View], View]:
    """Ask for password and code again before a form is handled; see :class:`GraveAct`."""
    return lambda view: _mark(view, grave_act=GraveAct(words, when, in_own_form))


def asks_password_when_alone(
    words: Any, *, when: Callable[..., bool] = always
) -> Callable[[View], View]:
    """Take password and code for the second person, where the register has one moderator."""

    def alone(**view_args: Any) -> bool:
        return settings().single_moderator and when(**view_args)

    return asks_password(words, when=alone)


def reads_form_with(form_reader: Callable[[], None]) -> Callable[[View], View]:
    """Have a function read the form, whose files must never be in memory or on disk as a whole."""
    return lambda view: _mark(view, form_reader=form_reader)


def without_csrf_token(view: View) -> View:
    """Accept a POST without the token of a session, for a view that changes nothing."""
    csrf.exempt(view)
    return view


def _mark(view: View, **marks: Any) -> View:
    # functools.wraps copies attributes, so the order among other decorators does not matter.
    setattr(view, _ATTRIBUTE, replace(permission_of(view), **marks))
    return view
