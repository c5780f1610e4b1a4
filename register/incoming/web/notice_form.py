"""Forms of a notice about a case: of an error, and of content held to be illegal."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import BooleanField
from wtforms.validators import DataRequired, ValidationError

from register.incoming.content import CHILD_ABUSE, LINE_LIMIT, NOTICE_LIMIT, NoticeContent
from register.incoming.web.incoming_form import KEEP_SHORT, IncomingForm
from register.mail_urls import bare_address
from register.post.models import PostKind
from register.reports.web.answer_fields import CheckedRadio, long_field, short_field
from register.reports.web.public_forms import NOTICE_FORM_NAME, SessionlessForm
from register.web import messages
from register.web.form_fields import LineField, MultilineField, code_choices


def _line(label: Any) -> LineField:
    return short_field(label, LINE_LIMIT, KEEP_SHORT)


def _text(label: Any, missing: Any = None) -> MultilineField:
    return long_field(label, NOTICE_LIMIT, KEEP_SHORT, missing=missing)


class NoticeForm(IncomingForm):
    """What both forms have; ``kind`` is what they send."""

    purpose, rate_limit, too_many = NOTICE_FORM_NAME, "notice", messages.incoming.too_many_notices
    kind: PostKind
    endroit = _text(_("L’endroit exact"), messages.incoming.location_missing)

    @property
    def sent(self) -> NoticeContent:
        """What the form says, once it is valid."""
        raise NotImplementedError

    def answers(self) -> list[tuple[Any, str]]:
        """Label and words of each filled field, to be read once more."""
        fields = [field for field in self if field.short_name not in ("jeton", "site_web")]
        return [
            (field.label.text, str(messages.incoming.grounds.get(field.data, field.data)))
            for field in fields
            if isinstance(field.data, str) and field.data
        ]


class ErrorForm(NoticeForm):
    """An error: what is wrong, what is right, and what shows it. Anybody may send it."""

    kind = PostKind.ERROR
    faux = _text(_("Ce qui est faux"), messages.incoming.wrong_missing)
    juste = _text(_("Ce qui est juste"))
    source = _text(_("Ce qui le montre"))
    contact = _line(_("Vous joindre"))

    @property
    def sent(self) -> NoticeContent:
        """What the form says, once it is valid."""
        return NoticeContent(
            text=self.faux.data,
            location=self.endroit.data,
            correction=self.juste.data,
            source=self.source.data,
            contact=self.contact.data,
        )


class IllegalForm(NoticeForm):
    """Content held to be illegal, with the fields of regulation (EU) 2022/2065, art. 16 (2)."""

    kind = PostKind.ILLEGAL
    motif = CheckedRadio(
        _("Ce que la loi interdit"),
        choices=code_choices(messages.incoming.grounds),
        validators=[DataRequired(messages.incoming.ground_missing)],
    )
    texte = _text(_("Pourquoi ce contenu est illicite"), messages.incoming.explanation_missing)
    nom = _line(_("Votre nom"))
    courriel = _line(_("Votre adresse électronique"))
    bonne_foi = BooleanField(
        _("Je crois de bonne foi que ce que je déclare ici est exact et complet."),
        validators=[DataRequired(messages.incoming.good_faith_missing)],
    )

    def validate_nom(self, field: Any) -> None:
        """Require a name, but where the regulation asks for none."""
        if not field.data and self.motif.data != CHILD_ABUSE:
            raise ValidationError(messages.incoming.name_missing)

    def validate_courriel(self, field: Any) -> None:
        """Require an address, but where the regulation asks for none."""
        if not field.data and self.motif.data != CHILD_ABUSE:
            raise ValidationError(messages.incoming.email_missing)
        if field.data and bare_address(field.data) != field.data:
            raise ValidationError(messages.incoming.email_unreadable)

    @property
    def sent(self) -> NoticeContent:
        """What the form says, once it is valid."""
        return NoticeContent(
            text=self.texte.data,
            location=self.endroit.data,
            ground=str(self.motif.data),
            name=self.nom.data,
            contact=self.courriel.data,
        )


class ComplaintForm(SessionlessForm):
    """The complaint about a decision, on the page that the code opens."""

    reclamation = _text(_("Votre réclamation"), messages.incoming.complaint_missing)


# By the last part of their address.
FORMS: dict[str, type[NoticeForm]] = {"erreur": ErrorForm, "illicite": IllegalForm}
