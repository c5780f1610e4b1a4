"""What tests of feeds share: a reader of valid documents only, and a desk with a clock."""

from __future__ import annotations

import itertools
import re
from contextvars import Context
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import wraps
from html import unescape

import atom
import attested_acts as acts

from register.cases.case_content import (
    Content,
    LinkContent,
    ProceedingContent,
    RequestContent,
    SourceContent,
    StepContent,
)
from register.cases.checklist import ATTESTATIONS

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
BASE = "http://127.0.0.1:5000"


class FeedClient:
    """A feed reader: each request in a context of its own, and only valid documents accepted."""

    def __init__(self, app) -> None:
        # Headers are sent as a test writes them.
        self.client = app.test_client(use_cookies=False)

    def get(self, address, **options):
        """The answer at an address."""
        return Context().run(lambda: self.client.open(address, **options))

    def document(self, address) -> bytes:
        """The bytes of a feed that must be there and be valid."""
        answer = self.get(address)
        assert answer.status_code == 200, (address, answer.status)
        assert answer.content_type == "application/atom+xml; charset=utf-8", address
        assert atom.faults(answer.data) == [], address
        return answer.data

    def feed(self, address) -> atom.Feed:
        """A feed, read."""
        return atom.read(self.document(address))

    def titles(self, address) -> list[str]:
        """What the list of a reader shows, newest first."""
        return [plain(entry.title) for entry in self.feed(address).entries]

    def whole(self, address) -> list[atom.Entry]:
        """Every entry from the newest to the first, archive after archive (RFC 5005 §4)."""
        entries_read = []
        while address:
            feed = self.feed(address)
            entries_read += feed.entries
            address = feed.link("prev-archive").removeprefix(BASE)
        return entries_read


class TimedDesk:
    """The desk, one minute later with every act, so that each has a time of its own."""

    def __init__(self, desk, pen, content) -> None:
        self.desk, self.take, self.content, self.cast = desk, pen, content, desk.cast
        # Chloé approves whatever needs a second person, in the same act.
        self.both = {"by": desk.cast.bruno, "second": desk.cast.chloe}
        self.minutes = itertools.count(1)
        desk.pen = self.pen

    def pen(self):
        return self.take(AT + next(self.minutes) * MINUTE)

    def filled(self, filled, fill):
        """What ``fill`` returns, which fills the register by acts of this desk."""

        @wraps(fill)
        def fill_and_read_clock():
            return fill(), next(self.minutes)

        result, minutes = filled(fill_and_read_clock)
        self.minutes = itertools.count(minutes)
        return result

    def published(self, content=None, **changes):
        return self.desk.published(content, **changes)

    def follows(self, case, title="Le conseil a voté", **options):
        fields = {"text": "Selon la presse, le conseil a **voté**.", **options}
        with self.pen() as p:
            acts.follow_up(p, case.id, reason="presse", title=title, **fields, **self.both)

    def replies(self, case, text="La commune conteste."):
        row = self.desk.received_reply(case, text)
        with self.pen() as p:
            acts.reply(p, row, reason="droit de réponse", **self.both)
        return row

    def corrects(self, case, note="Le titre change", content=None, **changes):
        corrected = content or self.content(**changes)
        with self.pen() as p:
            acts.correct(p, case.id, corrected, reason="erreur", public_note=note, **self.both)

    def redacts(self, case, note="Un nom est retiré", content=None, **options):
        redacted = content or self.content(narrative="Selon le blog, le maire a refusé.")
        with self.pen() as p:
            acts.redact(
                p, case.id, redacted, by=self.cast.bruno, reason="RGPD", public_note=note, **options
            )

    def withdraws(self, case, restriction="erreur"):
        with self.pen() as p:
            acts.withdraw(
                p, case.id, by=self.cast.bruno, restriction=restriction, reason="à revoir"
            )

    def edits(self, case, content=None, **changes):
        edited = content or self.content(**changes)
        with self.pen() as p:
            acts.edit(p, case.id, edited, by=self.cast.bruno, reason="à revoir")

    def restores(self, case, note=""):
        with self.pen() as p:
            acts.approve(p, case.id, by=self.cast.chloe)
            acts.restore(
                p,
                case.id,
                by=self.cast.bruno,
                reason="revu",
                attested=ATTESTATIONS,
                public_note=note,
                flag_reasons="relu",
            )

    def merges(self, case, into):
        with self.pen() as p:
            acts.merge(
                p,
                case.id,
                into=into.number,
                by=self.cast.bruno,
                second=self.cast.chloe,
                reason="même affaire",
            )

    def parts(self, case):
        with self.pen() as p:
            acts.part(
                p, case.id, by=self.cast.bruno, second=self.cast.chloe, reason="deux affaires"
            )

    def erases(self, case):
        with self.pen() as p:
            acts.erase(p, case.id, by=self.cast.ada, restriction="donnee_personnelle", single=True)


def plain(text: str) -> str:
    """A text on one line, every space an ordinary one."""
    return " ".join(text.split())


def words(html: str) -> str:
    """The text of HTML on one line."""
    return plain(unescape(re.sub(r"<[^>]+>", " ", html)))


# --- a register with everything in it ----------------------------------------------------------


def full_case_with_markup(content) -> Content:
    """A case that has all that a case may have."""
    steps = (
        StepContent("audience", "2021-01", note="renvoyée une fois"),
        StepContent(
            "jugement",
            "2021-03",
            "relaxe",
            source_url="https://exemple.test/jugement?a=1&b=2",
            court="tribunal judiciaire de Bobigny",
            appeal="oui",
        ),
    )
    suit = ProceedingContent(
        direction="contre_cible",
        nature="penale",
        plaintiff="maire",
        docket="21/00001",
        legal_basis="loi du 29 juillet 1881, art. 32",
        amount="1 500 EUR",
        steps=steps,
    )
    return content(
        title='L\'élu & "le blog" : <b>plainte</b>',
        summary="Selon le blog, l'élu porte plainte <script>alert(1)</script> & s'en vante.",
        narrative=(
            "Selon le blog :\n\n## La séance\n\n- un ;\n- **deux**.\n\n> Rien.\n\n<br>\n\n"
            "[L'article](https://exemple.test/a?b=1&c=2) et [ici](/incidents/1), `a < b & c`."
        ),
        date="2020-05-20",
        end_date="2021-03",
        precision_note="deux sources : 20 et 21 mai",
        linked_communes=("93066", "75056"),
        actor_text="l'adjoint au maire",
        outlets=("Gagny Libre", "L'Écho & Cie"),
        types=("interdiction_filmer", "plainte_diffamation", "menace_violence"),
        evidence="juge",
        contested=True,
        outcome="relaxe",
        steps_taken="lettre au préfet",
        amount="1 500 EUR d'amende",
        sources=(
            SourceContent(
                url="https://exemple.test/article?a=1&b=2",
                title="L'élu & la caméra",
                publisher="L'Écho",
                published_on="2020-05-21",
                archived_url="https://archive.test/x",
                checked_on="2026-02",
            ),
            SourceContent(url="https://exemple.test/nu", kind="video"),
        ),
        proceedings=(suit, ProceedingContent(direction="par_cible")),
        request=RequestContent(
            asked="le règlement intérieur",
            asked_of="la mairie",
            asked_on="2020-04",
            refusal="implicite",
            cada_number="20201234",
            opinion="favorable",
            outcome="avis_cada_favorable",
        ),
    )


def fill(bruno, content) -> dict[str, int]:
    """Cases of every kind and in every state, by what they are; their numbers."""
    cases = {"everything": bruno.published(full_case_with_markup(content))}
    first = cases["everything"]
    bruno.replies(first, "La commune <b>conteste</b>.\n\nLa séance\navait été levée.")
    moved = replace(full_case_with_markup(content), end_date="")
    bruno.follows(first, "L'appel est fixé", happened_on="2021-06")
    bruno.corrects(first, content=replace(moved, amount="inconnu", links=()))
    bruno.replies(first, "Seconde réponse.")
    cases["plain"] = bruno.published(links=(LinkContent("voir_aussi", first.number),))
    bruno.follows(cases["plain"], source_url="https://exemple.test/suite")
    bruno.corrects(cases["plain"], title="Un titre corrigé")
    bruno.redacts(cases["plain"])
    abroad = {"country": "BE", "place_label": "Bernissart", "commune": ""}
    cases["abroad"] = bruno.published(**abroad)
    cases["english"] = bruno.published(language="en", summary="According to the blog.")
    cases["undated"] = bruno.published(date="", evidence="allegue", target="association")
    cases["overseas"] = bruno.published(commune="97411", level="outre_mer", actor="prefet")
    cases["collectivity"] = bruno.published(commune="", departement="988", date="2007~")
    cases["département"] = bruno.published(commune="", departement="2A", level="departement")
    cases["région"] = bruno.published(commune="", region="11", level="region")
    cases["former"] = bruno.published(commune="93059", types=("expulsion",))
    cases["withdrawn"] = bruno.published(title="Un cas retiré")
    bruno.withdraws(cases["withdrawn"], "demande_signalant")
    cases["restored"] = bruno.published(title="Un cas rétabli")
    bruno.withdraws(cases["restored"])
    bruno.edits(cases["restored"], title="Un cas rétabli et revu")
    bruno.restores(cases["restored"], "Le titre a été revu")
    cases["merged"] = bruno.published(title="Un cas réuni")
    bruno.merges(cases["merged"], first)
    cases["erased"] = bruno.published(title="Un cas effacé")
    bruno.follows(cases["erased"])
    bruno.erases(cases["erased"])
    return {name: case.number for name, case in cases.items()}
