"""Whoever follows the register by its feeds is told of everything once, and keeps nothing taken."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random
from urllib.parse import urlencode
from uuid import UUID

import pytest
from cast import AT, CaseRef
from feed_reader import FeedConnection, Reader, Walk, number_of, parsed
from lxml import etree
from search_helpers import follow

from register.cases import acts, events
from register.cases.case_content import Content, ProceedingContent, SourceContent
from register.cases.events import EventQuery
from register.cases.filters import FILTERS
from register.cases.models import Incident
from register.cases.vocabulary import current_vocabulary
from register.journal import transaction as pen_module
from register.operations.setup import identity

pytestmark = pytest.mark.prove

# Letters only, so that no quoting and no typography changes them. The first stands in every text
# of the case that is followed, the second in the passage that a court has taken out.
WORD = "zinzolin"
PASSAGE = "quintefeuille"


def search(**values: str) -> str:
    """The feed of a search."""
    return f"/incidents.atom?{urlencode(values)}"


# --- the case that is followed, as it reads one after the other --------------------------------

FIRST = Content(
    title=f"Titre {WORD}",
    summary=f"Selon le blog, {WORD}.",
    narrative=f"Selon le blog, **{WORD}** puis {PASSAGE}.",
    date="1987-05-04",
    end_date="1987-11",
    commune="2A004",
    linked_communes=("2B033",),
    place_label="Mairie d’Ajaccio",
    level="etat",
    actor="prefet",
    actor_text=WORD,
    target="lanceur_alerte",
    outlets=("Ajaccio Libre",),
    types=("surveillance",),
    evidence="allegue",
    outcome="inconnue",
    sources=(SourceContent(url=f"https://exemple.test/{WORD}", kind="presse", label=PASSAGE),),
    proceedings=(ProceedingContent(direction="tiers", plaintiff="prefet", court=PASSAGE),),
)
SECOND = replace(
    FIRST,
    date="2008-03",
    end_date="2012",
    commune="93032",
    linked_communes=(),
    place_label="Mairie de Gagny",
    level="commune",
    actor="maire",
    target="blogueur",
    outlets=("Gagny Libre",),
    types=("interdiction_filmer",),
    evidence="documente",
    outcome="resolue",
    proceedings=(replace(FIRST.proceedings[0], direction="contre_cible"),),
)
THIRD = replace(
    SECOND, date="", end_date="", commune="", departement="972", types=("retrait_financement",)
)

OWN = "/incidents/2.atom"
INTO = "/incidents/1.atom"
ALWAYS = {"/incidents.atom", OWN, search(pays="FR")}
# The feeds that show the case while it reads as above, and those that its outcome decides.
OF_FIRST = {
    "/communes/2A004.atom",
    "/communes/2B033.atom",
    "/departements/2A.atom",
    "/regions/94.atom",
    search(commune="2A004"),
    search(departement="2B", type="surveillance"),
    search(region="94", famille="securite"),
    search(cible="lanceur_alerte"),
    search(acteur="prefet"),
    search(niveau="etat"),
    search(preuve="allegue"),
    search(sens="tiers"),
    search(procedure="tiers.inconnue"),
    search(duree="moins-d-un-an"),
    search(du="1987-02", au="1987"),
    search(annee="1987"),
}
OF_SECOND = {
    "/communes/93032.atom",
    "/departements/93.atom",
    "/regions/11.atom",
    search(type="interdiction_filmer", niveau="commune"),
    search(duree="plus-de-trois-ans"),
    search(du="2008", au="2008-03-31"),
    search(annee="2008"),
}
OF_THIRD = {
    "/departements/972.atom",
    search(region="02"),
    search(type="retrait_financement"),
    search(sans_date="1"),
    search(duree="inconnue"),
}
UNKNOWN, RESOLVED = {search(issue="inconnue")}, {search(issue="resolue")}
# Searched by words, which are not kept: told of whatever is taken back, whosever it was.
WORDS_FIRST = {
    search(media="Ajaccio Libre"),
    search(endroit="Mairie d’Ajaccio"),
    search(q="Ajaccio"),
}
WORDS_SECOND = {
    search(media="Gagny Libre"),
    search(endroit="Mairie de Gagny"),
    search(q='"mairies de Gagny" -lille'),
}
WORDS = WORDS_FIRST | WORDS_SECOND | {search(media="Une Autre"), search(q="coquelicot")}
NEVER = {"/communes/59350.atom", "/regions/53.atom", search(type="expulsion"), "/incidents/1.atom"}

FEEDS = ALWAYS | OF_FIRST | OF_SECOND | OF_THIRD | UNKNOWN | RESOLVED | WORDS | NEVER


def test_every_filter_is_followed():
    asked = " ".join(FEEDS)
    assert [name for name in FILTERS if f"{name}=" not in asked] == []


# --- what is done to it ------------------------------------------------------------------------


@pytest.fixture
def uri(engine, session, cast):
    """``uri(line)``: the id of a public line's entry."""
    here = identity(session)
    session.rollback()
    return lambda line: here.uri(f"evenement/{line.event}")


class Hands:
    """Bruno's acts on the case that is followed, each a minute after the one before."""

    def __init__(self, pen, desk, cast, attested) -> None:
        self.pen, self.desk, self.cast, self.attested = pen, desk, cast, attested
        self.at = AT
        self.case = CaseRef(0)
        self.other = desk.published(commune="59350", types=("expulsion",))

    def act(self, act, *args, by="bruno", **told):
        self.at += timedelta(minutes=1)
        if act not in (acts.erase, acts.withdraw):
            told.setdefault("reason", "relu")
        if act is acts.withdraw:
            told |= {"reason": "relu", "restriction": told.get("restriction", "erreur")}
        with self.pen(self.at) as p:
            return act(p, self.case.id, *args, by=getattr(self.cast, by), **told)

    def publish(self):
        self.case = self.desk.ready(FIRST)
        line = self.act(acts.publish, attested=self.attested, flags_reason="relu")
        self.case = CaseRef(self.case.id, line.case_number)
        return line

    def follow_up(self, **told):
        return self.act(acts.follow_up, title=f"Suite {WORD}", text=f"{WORD} {PASSAGE}", **told)

    def reply(self):
        reply = self.desk.received_reply(self.case, text=f"La préfecture : {WORD} {PASSAGE}.")
        self.at += timedelta(minutes=1)
        with self.pen(self.at) as p:
            return acts.reply(p, reply, by=self.cast.bruno, reason="reçue")

    def correct(self, content, note):
        return self.act(acts.correct, content, public_note=note)

    def redact(self, content):
        """Take the passage out of everything that holds it."""
        with self.pen() as p:
            case = p.load(Incident, self.case.id)
            told = {
                "follow_ups": {row.id: (row.title, f"{WORD}.") for row in case.follow_ups},
                "replies": {row.id: f"La préfecture : {WORD}." for row in case.replies},
                "corrections": {row.id: f"{WORD}." for row in case.corrections},
            }
        return self.act(acts.redact, content, public_note="Un passage est retiré.", **told)

    def withdraw(self):
        return self.act(acts.withdraw, restriction="demande_signalant")

    def edit(self, content):
        return self.act(acts.edit, content)

    def restore(self, **told):
        with self.pen(self.at) as p:
            acts.approve(p, self.case.id, by=self.cast.chloe)
        told |= {"attested": self.attested, "flags_reason": "relu"}
        return self.act(acts.restore, **told)

    def merge(self):
        return self.act(acts.merge, into=self.other.number)

    def erase(self):
        with self.pen(self.at) as p:
            acts.approve(p, self.case.id, by=self.cast.chloe, purpose="erase")
        return self.act(acts.erase, by="ada", restriction="donnee_personnelle")


@pytest.fixture
def hands(pen, desk, cast, attested):
    return Hands(pen, desk, cast, attested)


class Following:
    """A reader, and what it has to have been told so far."""

    def __init__(self, app, feeds, uri) -> None:
        # From here on the index lags: what happens is told all the same.
        follow(app)
        self.reader = Reader(app, sorted(feeds))
        self.uri = uri
        self.history: list[str] = []
        self.ever: set[str] = set()

    def told(self, *lines, on, entered=frozenset(), first=frozenset()):
        """By these lines, their ids are new ``on`` some feeds, once, and none is anywhere else.

        A feed that the case has ``entered`` by them shows what happened before as well; the
        reader knows all of it already from the other feeds. On others the ``first`` alone is.
        """
        new = [self.uri(line) for line in lines][::-1]
        self.history = new + self.history
        assert self.reader.poll() == {
            **dict.fromkeys(on, new),
            **dict.fromkeys(entered, self.history),
            **dict.fromkeys(first, new[-1:]),
        }
        self.ever |= on | entered | first
        self.quiet()

    def quiet(self):
        """Nothing is told twice, whoever asks again."""
        assert self.reader.poll() == {}

    def shown(self, *feeds):
        """These feeds list all that ever happened, by the ids that it had from the beginning."""
        for address in sorted(set().union(*feeds)):
            assert self.reader.listed(address, 2) == self.history, address

    def gone(self):
        """Every feed that ever showed the case has one entry of it, the last, and not one word."""
        assert self.reader.showed[2] - self.reader.moved.keys() == self.ever
        for address in sorted(self.ever):
            assert self.reader.listed(address, 2) == self.history[:1], address
        assert self.without(WORD)
        assert self.without(PASSAGE)

    def without(self, word) -> bool:
        found = self.reader.with_word(word)
        assert found == set()
        return True


@pytest.fixture
def following(app, uri):
    return lambda feeds=FEEDS: Following(app, feeds, uri)


# --- the story ---------------------------------------------------------------------------------


def test_a_feed_reader_gets_each_event_once_and_drops_withdrawn_text(following, hands):
    """From publication to erasure, by every act that there is, some of them twice."""
    f = following(FEEDS - {OWN})
    f.reader.poll()
    on = (ALWAYS - {OWN}) | OF_FIRST | UNKNOWN | WORDS_FIRST
    f.told(hands.publish(), on=on)
    # The case's own feed is there from now on.
    f.reader.addresses.append(OWN)
    assert f.reader.poll() == {OWN: f.history}
    on, f.ever = on | {OWN}, f.ever | {OWN}
    f.told(hands.follow_up(), on=on)
    f.told(hands.reply(), on=on)
    resolved = replace(FIRST, outcome="resolue")
    f.told(hands.follow_up(content=resolved), on=on, entered=RESOLVED)
    on = ALWAYS | OF_FIRST | WORDS_FIRST | RESOLVED
    f.shown(on)
    assert f.reader.with_word(PASSAGE) == on | UNKNOWN

    # Moved elsewhere: where it was, the correction says so; where words were searched for, it
    # just leaves, since those are not kept.
    on = ALWAYS | OF_FIRST | RESOLVED
    f.told(hands.correct(SECOND, f"{WORD} {PASSAGE}"), on=on, entered=OF_SECOND | WORDS_SECOND)
    f.shown(ALWAYS, OF_SECOND, RESOLVED, WORDS_SECOND)
    assert all(f.reader.listed(address, 2) == f.history[:1] for address in OF_FIRST)
    assert all(f.reader.listed(address, 2) == [] for address in WORDS_FIRST)

    taken = ALWAYS | OF_FIRST | OF_SECOND | UNKNOWN | RESOLVED | WORDS
    clean = replace(
        SECOND,
        narrative=f"Selon le blog, **{WORD}**.",
        sources=(replace(SECOND.sources[0], label=WORD),),
        proceedings=(replace(SECOND.proceedings[0], court=WORD),),
    )
    f.told(hands.redact(clean), on=taken)
    f.shown(ALWAYS, OF_SECOND, RESOLVED, WORDS_SECOND)
    assert f.without(PASSAGE)
    assert f.reader.with_word(WORD) == taken

    f.told(hands.withdraw(), on=taken)
    f.gone()
    shown = ALWAYS | OF_SECOND | RESOLVED | WORDS_SECOND
    f.told(hands.restore(), on=shown)
    f.shown(shown)
    assert f.reader.with_word(WORD) == taken

    f.told(hands.withdraw(), on=taken)
    f.gone()
    # What is done to it now is told when it is shown again, and by its number alone until then.
    hidden = hands.redact(replace(clean, actor_text="le préfet"))
    hands.edit(THIRD)
    f.quiet()
    f.gone()
    shown = ALWAYS | RESOLVED | WORDS_SECOND
    f.told(hidden, hands.restore(public_note=WORD), on=shown, entered=OF_THIRD, first=taken - shown)
    f.shown(shown, OF_THIRD)

    taken |= OF_THIRD
    # The other case's feed, to which this one's now leads, tells it as well.
    f.told(hands.merge(), on=(taken - {OWN}) | {INTO})
    assert f.reader.moved == {OWN: INTO}
    f.ever.discard(OWN)
    f.gone()
    f.told(hands.erase(), on=(taken - {OWN}) | {INTO})
    f.gone()
    own = parsed(f.reader.door.get(OWN).data)
    assert [entry.id for entry in own.entries] == f.history[:1]


ENDS = {
    "withdrawn": ["withdraw"],
    "merged": ["merge"],
    "erased": ["erase"],
    "withdrawn, merged": ["withdraw", "merge"],
    "withdrawn, erased": ["withdraw", "erase"],
    "withdrawn twice": ["withdraw", "restore", "withdraw"],
}


@pytest.mark.parametrize("end", ENDS)
def test_every_feed_that_showed_a_case_reports_its_end(following, hands, end):
    """Those too that it had left by a correction before, and that nobody asked in between."""
    f = following({"/communes/2A004.atom", "/communes/93032.atom", search(type="expulsion")})
    hands.publish()
    hands.correct(SECOND, WORD)
    f.reader.poll()
    last = [getattr(hands, act)() for act in ENDS[end]][-1]
    both = {"/communes/2A004.atom", "/communes/93032.atom"}
    f.told(last, on=both)
    f.gone()


def test_acts_of_the_desk_change_no_feed(following, hands, desk):
    f = following(ALWAYS | OF_THIRD | WORDS_FIRST)
    hands.publish()
    f.reader.poll()
    desk.ready(FIRST)
    desk.received_reply(hands.case)
    answers = [
        f.reader.door.get(address, If_None_Match=tag) for address, tag in f.reader.tags.items()
    ]
    assert {answer.status_code for answer in answers} == {304}


# --- the whole history -------------------------------------------------------------------------

EVERY, SOME = "/incidents.atom", "/departements/93.atom"


@pytest.fixture
def grow(pen, desk, cast):
    """``grow(12, 27)``: cases of two départements in turn, each with all its follow-ups at once."""

    def make(cases, each):
        filed = []
        for place in range(cases):
            filed.append(desk.published(commune=("93032", "2A004")[place % 2]))
            with pen() as p:
                for _ in range(each):
                    acts.follow_up(
                        p, filed[-1].id, by=cast.bruno, reason="r", title="Suite", text="Texte."
                    )
        return filed

    return make


@pytest.fixture
def visible(session, uri):
    """``visible()``: the id and case of all that may be told, newest first, asked for at once."""
    here = identity(session)

    def ask():
        session.rollback()
        rows = events.list_events(session, EventQuery(), current_vocabulary(session), limit=10_000)
        return {here.uri(f"evenement/{row.name}"): row.number for row in rows}

    return ask


@pytest.fixture
def small(monkeypatch):
    """Documents of a few events, so that few make many documents; one in four ends an archive."""
    monkeypatch.setattr(events, "RECENT_LIMIT", 5)
    monkeypatch.setattr(events, "ARCHIVE_LIMIT", 60)
    monkeypatch.setattr(events, "_CUT_PREFIX", "4")
    # Archives end at the same events in every run.
    chance = Random(5005)
    monkeypatch.setattr(
        pen_module.uuid, "uuid4", lambda: UUID(int=chance.getrandbits(128), version=4)
    )


def test_the_archives_have_three_hundred_events_once_each(app, grow, visible, desk):
    filed = grow(12, 27)
    told = visible()
    assert len(told) == 12 * 28 > 300
    before = Walk(FeedConnection(app), EVERY).whole()
    assert before.told == list(told)
    assert len(before.documents) > 3
    odd = {case.number for case in filed[::2]}
    some = Walk(FeedConnection(app), SOME).whole()
    assert some.told == [name for name, number in told.items() if number in odd]
    # What is added is added on top, and touches no archive.
    desk.published()
    assert Walk(FeedConnection(app), EVERY).whole().told == list(visible())
    assert _again(before) == before.documents


def _again(walk):
    """The documents of a walk at their addresses, asked for once more; the newest is as it was."""
    newest, *archives = walk.documents
    found = {address: walk.door.get(address).data for address in archives}
    return {newest: walk.documents[newest], **found}


WHERE = {
    "already read": lambda walk, case_of: case_of[walk.told[0]],
    "not read yet": lambda walk, case_of: list(case_of.values())[-1],
    "at the very end of what was read": lambda walk, case_of: case_of[walk.told[-1]],
}


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("address", [EVERY, SOME])
def test_paging_through_a_changing_feed_reads_each_lasting_event_once(
    app, small, grow, visible, pen, desk, cast, address, where
):
    filed = grow(8, 6)
    walk = Walk(FeedConnection(app), address)
    before = visible()
    in_it = {case.number for case in filed} if address == EVERY else {c.number for c in filed[::2]}
    for _ in range(2):
        walk.turn()
    assert walk.next.endswith(walk.told[-1].rpartition("/")[2])
    gone = WHERE[where](walk, {name: n for name, n in before.items() if n in in_it})
    read = len(walk.told)
    with pen() as p:
        case = next(case for case in filed if case.number == gone)
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="r")
        other = next(c for c in filed if c.number in in_it - {gone})
        acts.follow_up(p, other.id, by=cast.bruno, reason="r", title="Suite", text="Texte.")
    desk.published()
    rest = []
    while walk.next:
        rest += walk.turn()
    after = visible()
    stays = [name for name in before if name in after and before[name] in in_it]
    assert gone not in {number_of(entry) for entry in rest}
    assert len(set(walk.told)) == len(walk.told)
    assert [name for name in walk.told if name in after] == stays
    assert {before[name] for name in walk.told[:read]} <= in_it


def test_an_archive_loses_what_is_withdrawn_and_nothing_else(
    app, small, grow, visible, pen, desk, cast
):
    """Its other entries stay to the byte; where its last one goes, it goes on to the next end."""
    filed = grow(8, 6)
    walk = Walk(FeedConnection(app), EVERY).whole()
    with pen() as p:
        for case in filed[2:4]:
            acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="r")
    left = visible()
    kept_their_end = 0
    for address, archive in list(walk.documents.items())[1:]:
        was, now = _entries(archive), _entries(walk.door.get(address).data)
        stayed = {name: text for name, text in was.items() if name in left}
        assert list(now.items())[: len(stayed)] == list(stayed.items())
        if list(was)[-1] in left:
            assert now == stayed
            kept_their_end += 1
    assert kept_their_end > 1


def _entries(archive):
    feed = etree.fromstring(archive)
    names = {entry.findtext("{*}id"): entry for entry in feed.findall("{*}entry")}
    return {name: etree.tostring(entry) for name, entry in names.items()}
