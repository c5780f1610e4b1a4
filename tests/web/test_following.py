"""A reader who follows the feeds gets every event once, and keeps no text that was withdrawn."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random
from urllib.parse import urlencode
from uuid import UUID

import attested_acts as acts
import pytest
from case_contents import decided
from cast import AT, CaseRef
from feed_reader import FeedConnection, Reader, Walk, number_of, parsed
from lxml import etree
from search_helpers import follow

from register.cases import events
from register.cases.case_content import Content, SourceContent
from register.cases.events import EventQuery
from register.cases.filters import FILTERS
from register.cases.models import Incident
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
    proceedings=(decided(direction="tiers", plaintiff="prefet", court=PASSAGE),),
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
    search(epci="242000354"),
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
    search(epci="200058790"),
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
# Searches by words, which are not stored: they list the end of every case, whichever it was.
WORDS_FIRST = {
    search(media="Ajaccio Libre"),
    search(endroit="Mairie d’Ajaccio"),
    search(q="Ajaccio"),
}
WORDS_SECOND = {
    search(media="Gagny Libre"),
    search(endroit="Mairie de Gagny"),
    search(q='"mairie de Gagny" -lille'),
}
WORDS = WORDS_FIRST | WORDS_SECOND | {search(media="Une Autre"), search(q="coquelicot")}
NEVER = {"/communes/59350.atom", "/regions/53.atom", search(type="expulsion"), "/incidents/1.atom"}

FEEDS = ALWAYS | OF_FIRST | OF_SECOND | OF_THIRD | UNKNOWN | RESOLVED | WORDS | NEVER


def test_every_filter_is_followed():
    addresses = " ".join(FEEDS)
    assert [name for name in FILTERS if f"{name}=" not in addresses] == []


# --- what is done to it ------------------------------------------------------------------------


@pytest.fixture
def uri(engine, session, cast):
    """``uri(line)``: the id of a public line's entry."""
    register_identity = identity(session)
    session.rollback()
    return lambda line: register_identity.uri(f"evenement/{line.event}")


class CaseActs:
    """Bruno's acts on the case that is followed, each a minute after the one before."""

    def __init__(self, pen, desk, cast, attested) -> None:
        self.pen, self.desk, self.cast, self.attested = pen, desk, cast, attested
        self.at = AT
        self.case = CaseRef(0)
        self.other = desk.published(commune="59350", types=("expulsion",))

    def act(self, act, *args, by="bruno", **options):
        self.at += timedelta(minutes=1)
        if act not in (acts.erase, acts.withdraw):
            options.setdefault("reason", "relu")
        if act is acts.withdraw:
            options |= {"reason": "relu", "restriction": options.get("restriction", "erreur")}
        with self.pen(self.at) as p:
            return act(p, self.case.id, *args, by=getattr(self.cast, by), **options)

    def publish(self):
        self.case = self.desk.ready(FIRST)
        line = self.act(acts.publish, attested=self.attested, flag_reasons="relu")
        self.case = CaseRef(self.case.id, line.case_number)
        return line

    def follow_up(self, **options):
        return self.act(acts.follow_up, title=f"Suite {WORD}", text=f"{WORD} {PASSAGE}", **options)

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
            texts = {
                "follow_ups": {row.id: (row.title, f"{WORD}.") for row in case.follow_ups},
                "replies": {row.id: f"La préfecture : {WORD}." for row in case.replies},
                "corrections": {row.id: f"{WORD}." for row in case.corrections},
            }
        return self.act(acts.redact, content, public_note="Un passage est retiré.", **texts)

    def withdraw(self):
        return self.act(acts.withdraw, restriction="demande_signalant")

    def edit(self, content):
        return self.act(acts.edit, content)

    def restore(self, **options):
        with self.pen(self.at) as p:
            acts.approve(p, self.case.id, by=self.cast.chloe)
        options |= {"attested": self.attested, "flag_reasons": "relu"}
        return self.act(acts.restore, **options)

    def merge(self):
        return self.act(acts.merge, into=self.other.number, second=self.cast.chloe)

    def part(self):
        return self.act(acts.part, second=self.cast.chloe)

    def erase(self):
        with self.pen(self.at) as p:
            acts.approve(p, self.case.id, by=self.cast.chloe, purpose="erase")
        return self.act(acts.erase, by="ada", restriction="donnee_personnelle")


@pytest.fixture
def case_acts(pen, desk, cast, attested):
    return CaseActs(pen, desk, cast, attested)


class Following:
    """A reader, and the ids that it must have read so far."""

    def __init__(self, app, feeds, uri) -> None:
        # From here on the index lags: events are listed all the same.
        follow(app)
        self.reader = Reader(app, sorted(feeds))
        self.uri = uri
        self.history: list[str] = []
        self.listing_feeds: set[str] = set()

    def assert_new(self, *lines, on, entered=frozenset(), first=frozenset()):
        """The ids of these lines are new ``on`` some feeds, once, and on no other.

        A feed that the case has ``entered`` by them lists the earlier events as well, which the
        reader has from the other feeds. ``first`` are feeds that list the first line alone.
        """
        new = [self.uri(line) for line in lines][::-1]
        self.history = new + self.history
        assert self.reader.poll() == {
            **dict.fromkeys(on, new),
            **dict.fromkeys(entered, self.history),
            **dict.fromkeys(first, new[-1:]),
        }
        self.listing_feeds |= on | entered | first
        self.assert_nothing_new()

    def assert_nothing_new(self):
        """Another poll brings no id."""
        assert self.reader.poll() == {}

    def assert_listed(self, *feeds):
        """These feeds list every event of the case, by the ids that it had from the beginning."""
        for address in sorted(set().union(*feeds)):
            assert self.reader.listed(address, 2) == self.history, address

    def assert_gone(self):
        """Every feed that ever listed the case has its last entry alone, and none of its words."""
        assert self.reader.feeds_of_case[2] - self.reader.redirects.keys() == self.listing_feeds
        for address in sorted(self.listing_feeds):
            assert self.reader.listed(address, 2) == self.history[:1], address
        assert self.lacks(WORD)
        assert self.lacks(PASSAGE)

    def lacks(self, word) -> bool:
        feeds = self.reader.with_word(word)
        assert feeds == set()
        return True


@pytest.fixture
def following(app, uri):
    return lambda feeds=FEEDS: Following(app, feeds, uri)


# --- the story ---------------------------------------------------------------------------------


def test_a_feed_reader_gets_each_event_once_and_drops_withdrawn_text(following, case_acts):
    """From publication to erasure, by every act that there is, some of them twice."""
    f = following(FEEDS - {OWN})
    f.reader.poll()
    on = (ALWAYS - {OWN}) | OF_FIRST | UNKNOWN | WORDS_FIRST
    f.assert_new(case_acts.publish(), on=on)
    # The case's own feed is there from now on.
    f.reader.addresses.append(OWN)
    assert f.reader.poll() == {OWN: f.history}
    on, f.listing_feeds = on | {OWN}, f.listing_feeds | {OWN}
    f.assert_new(case_acts.follow_up(), on=on)
    f.assert_new(case_acts.reply(), on=on)
    resolved = replace(FIRST, outcome="resolue")
    f.assert_new(case_acts.follow_up(content=resolved), on=on, entered=RESOLVED)
    on = ALWAYS | OF_FIRST | WORDS_FIRST | RESOLVED
    f.assert_listed(on)
    assert f.reader.with_word(PASSAGE) == on | UNKNOWN

    # Moved elsewhere: its former feeds list the correction; from searches by words, which are
    # not stored, it just leaves.
    on = ALWAYS | OF_FIRST | RESOLVED
    f.assert_new(
        case_acts.correct(SECOND, f"{WORD} {PASSAGE}"), on=on, entered=OF_SECOND | WORDS_SECOND
    )
    f.assert_listed(ALWAYS, OF_SECOND, RESOLVED, WORDS_SECOND)
    assert all(f.reader.listed(address, 2) == f.history[:1] for address in OF_FIRST)
    assert all(f.reader.listed(address, 2) == [] for address in WORDS_FIRST)

    taken = ALWAYS | OF_FIRST | OF_SECOND | UNKNOWN | RESOLVED | WORDS
    clean = replace(
        SECOND,
        narrative=f"Selon le blog, **{WORD}**.",
        sources=(replace(SECOND.sources[0], label=WORD),),
        proceedings=(replace(SECOND.proceedings[0], court=WORD),),
    )
    f.assert_new(case_acts.redact(clean), on=taken)
    f.assert_listed(ALWAYS, OF_SECOND, RESOLVED, WORDS_SECOND)
    assert f.lacks(PASSAGE)
    assert f.reader.with_word(WORD) == taken

    f.assert_new(case_acts.withdraw(), on=taken)
    f.assert_gone()
    listing = ALWAYS | OF_SECOND | RESOLVED | WORDS_SECOND
    f.assert_new(case_acts.restore(), on=listing)
    f.assert_listed(listing)
    assert f.reader.with_word(WORD) == taken

    f.assert_new(case_acts.withdraw(), on=taken)
    f.assert_gone()
    # Acts on it are listed once it is public again, and by its number alone until then.
    while_withdrawn = case_acts.redact(replace(clean, actor_text="le préfet"))
    case_acts.edit(THIRD)
    f.assert_nothing_new()
    f.assert_gone()
    listing = ALWAYS | RESOLVED | WORDS_SECOND
    f.assert_new(
        while_withdrawn,
        case_acts.restore(public_note=WORD),
        on=listing,
        entered=OF_THIRD,
        first=taken - listing,
    )
    f.assert_listed(listing, OF_THIRD)

    taken |= OF_THIRD
    # The other case's feed, to which this one's now leads, lists it as well.
    f.assert_new(case_acts.merge(), on=(taken - {OWN}) | {INTO})
    assert f.reader.redirects == {OWN: INTO}
    f.listing_feeds.discard(OWN)
    f.assert_gone()
    f.assert_new(case_acts.erase(), on=(taken - {OWN}) | {INTO})
    f.assert_gone()
    own = parsed(f.reader.connection.get(OWN).data)
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
def test_every_feed_that_showed_a_case_reports_its_end(following, case_acts, end):
    """Those too that it had left by a correction before, and that nobody polled in between."""
    f = following({"/communes/2A004.atom", "/communes/93032.atom", search(type="expulsion")})
    case_acts.publish()
    case_acts.correct(SECOND, WORD)
    f.reader.poll()
    last = [getattr(case_acts, act)() for act in ENDS[end]][-1]
    communes = {"/communes/2A004.atom", "/communes/93032.atom"}
    f.assert_new(last, on=communes)
    f.assert_gone()


def test_acts_of_the_desk_change_no_feed(following, case_acts, desk):
    f = following(ALWAYS | OF_THIRD | WORDS_FIRST)
    case_acts.publish()
    f.reader.poll()
    desk.ready(FIRST)
    desk.received_reply(case_acts.case)
    answers = [
        f.reader.connection.get(address, If_None_Match=tag)
        for address, tag in f.reader.tags.items()
    ]
    assert {answer.status_code for answer in answers} == {304}


# --- the whole history -------------------------------------------------------------------------

EVERY, SOME = "/incidents.atom", "/departements/93.atom"


@pytest.fixture
def grow(pen, desk, cast):
    """``grow(12, 27)``: cases of two départements in turn, each with all its follow-ups at once."""

    def make(count, follow_ups):
        cases = []
        for place in range(count):
            cases.append(desk.published(commune=("93032", "2A004")[place % 2]))
            with pen() as p:
                for _ in range(follow_ups):
                    acts.follow_up(
                        p, cases[-1].id, by=cast.bruno, reason="r", title="Suite", text="Texte."
                    )
        return cases

    return make


@pytest.fixture
def visible(session, uri):
    """``visible()``: id → case of every event that may be listed, newest first, in one query."""
    register_identity = identity(session)

    def read():
        session.rollback()
        rows = events.list_events(session, EventQuery(), limit=10_000)
        return {register_identity.uri(f"evenement/{row.name}"): row.number for row in rows}

    return read


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
    cases = grow(12, 27)
    public_events = visible()
    assert len(public_events) == 12 * 28 > 300
    before = Walk(FeedConnection(app), EVERY).read_all()
    assert before.event_ids == list(public_events)
    assert len(before.documents) > 3
    odd = {case.number for case in cases[::2]}
    some = Walk(FeedConnection(app), SOME).read_all()
    assert some.event_ids == [name for name, number in public_events.items() if number in odd]
    # What is added is added on top, and touches no archive.
    desk.published()
    assert Walk(FeedConnection(app), EVERY).read_all().event_ids == list(visible())
    assert _documents_again(before) == before.documents


def _documents_again(walk):
    """The documents of a walk, read once more at their addresses; the newest is as it was."""
    newest, *archives = walk.documents
    documents = {address: walk.connection.get(address).data for address in archives}
    return {newest: walk.documents[newest], **documents}


WHERE = {
    "already read": lambda walk, case_of: case_of[walk.event_ids[0]],
    "not read yet": lambda walk, case_of: list(case_of.values())[-1],
    "at the very end of what was read": lambda walk, case_of: case_of[walk.event_ids[-1]],
}


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("address", [EVERY, SOME])
def test_paging_through_a_changing_feed_reads_each_lasting_event_once(
    app, small, grow, visible, pen, desk, cast, address, where
):
    cases = grow(8, 6)
    walk = Walk(FeedConnection(app), address)
    before = visible()
    in_feed = (
        {case.number for case in cases} if address == EVERY else {c.number for c in cases[::2]}
    )
    for _ in range(2):
        walk.read_next()
    assert walk.next.endswith(walk.event_ids[-1].rpartition("/")[2])
    withdrawn = WHERE[where](walk, {name: n for name, n in before.items() if n in in_feed})
    read = len(walk.event_ids)
    with pen() as p:
        case = next(case for case in cases if case.number == withdrawn)
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="r")
        other = next(c for c in cases if c.number in in_feed - {withdrawn})
        acts.follow_up(p, other.id, by=cast.bruno, reason="r", title="Suite", text="Texte.")
    desk.published()
    later_entries = []
    while walk.next:
        later_entries += walk.read_next()
    after = visible()
    stays = [name for name in before if name in after and before[name] in in_feed]
    assert withdrawn not in {number_of(entry) for entry in later_entries}
    assert len(set(walk.event_ids)) == len(walk.event_ids)
    assert [name for name in walk.event_ids if name in after] == stays
    assert {before[name] for name in walk.event_ids[:read]} <= in_feed


def test_an_archive_loses_what_is_withdrawn_and_nothing_else(
    app, small, grow, visible, pen, desk, cast
):
    """Its other entries stay to the byte; where its last one goes, it goes on to the next end."""
    cases = grow(8, 6)
    walk = Walk(FeedConnection(app), EVERY).read_all()
    with pen() as p:
        for case in cases[2:4]:
            acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="r")
    remaining = visible()
    unmoved_ends = 0
    for address, archive in list(walk.documents.items())[1:]:
        was, now = _entries(archive), _entries(walk.connection.get(address).data)
        stayed = {name: text for name, text in was.items() if name in remaining}
        assert list(now.items())[: len(stayed)] == list(stayed.items())
        if list(was)[-1] in remaining:
            assert now == stayed
            unmoved_ends += 1
    assert unmoved_ends > 1


def _entries(archive):
    feed = etree.fromstring(archive)
    names = {entry.findtext("{*}id"): entry for entry in feed.findall("{*}entry")}
    return {name: etree.tostring(entry) for name, entry in names.items()}
