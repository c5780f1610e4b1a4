"""The acts on cases, with attestations, flags' reasons and a source where a test names none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from register.cases import acts
from register.cases.acts import *  # noqa: F403
from register.cases.checklist import ATTESTATIONS
from register.cases.risk_flags import Flag

FLAG_REASONS = {"flag_reasons": "relu"}
# Fields of a form: every attestation ticked.
TICKED = dict.fromkeys(ATTESTATIONS, "y")
ATTESTED = {"attested": ATTESTATIONS, **FLAG_REASONS}


def reason_field(code: str, excerpt: str, reason: str = "relu") -> dict[str, str]:
    """The field of a form that gives the reason of a risk flag."""
    return {f"flag_reasons-{Flag('', code, excerpt).key}": reason}


def _with(act: Callable[..., Any], **defaults: Any) -> Callable[..., Any]:
    def run(*arguments: Any, **options: Any) -> Any:
        return act(*arguments, **{**defaults, **options})

    return run


draft = _with(acts.draft, **FLAG_REASONS)
edit = _with(acts.edit, **FLAG_REASONS)
correct = _with(acts.correct, **ATTESTED)
redact = _with(acts.redact, **ATTESTED)
reply = _with(acts.reply, **ATTESTED)


def follow_up(*arguments: Any, **options: Any) -> Any:
    """A follow-up, from the court's own registry where no source is named."""
    if not options.get("source_url"):
        options = {"no_source": "Registre du tribunal, lu sur place.", **options}
    return acts.follow_up(*arguments, **{**ATTESTED, **options})
