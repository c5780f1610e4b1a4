"""The feeds of an event: those that filters select, and those that report a withdrawal."""

from __future__ import annotations

import pytest
from feed_helpers import AT, MINUTE, FeedClient, TimedDesk, plain
from search_helpers import follow

pytestmark = pytest.mark.prove


@pytest.fixture
def bruno(desk, pen, content) -> TimedDesk:
    return TimedDesk(desk, pen, content)


@pytest.fixture
def reader(app) -> FeedClient:
    # From here on the index lags: events are listed all the same.
    follow(app)
    return FeedClient(app)


# --- the feeds of an event ---------------------------------------------------------------------

# Feeds of a case at Gagny, a filming ban of the mayor's; and those of what it is moved to.
GAGNY_FEEDS = (
    "/communes/93032.atom",
    "/incidents.atom?commune=93032",
    "/departements/93.atom",
    "/incidents.atom?type=interdiction_filmer",
    "/incidents.atom?famille=acces",
    "/incidents.atom?acteur=maire&cible=blogueur",
    "/incidents.atom?niveau=commune",
    "/incidents.atom?au=2008-03",
    "/communes/93032.atom?type=interdiction_filmer",
    "/incidents.atom?annee=2008",
    "/incidents.atom?departement=93&media=gagny+libre",
    "/incidents.atom?departement=93&q=blogs",
    "/departements/93.atom?q=filmer",
    "/incidents.atom?departement=93&endroit=salle+des+f%C3%AAtes",
)
REUNION_FEEDS = (
    "/communes/97411.atom",
    "/departements/974.atom",
    "/regions/04.atom",
    "/incidents.atom?type=violence_physique",
    "/incidents.atom?famille=securite",
    "/incidents.atom?acteur=prefet&cible=association",
    "/incidents.atom?niveau=outre_mer",
    "/incidents.atom?du=2020",
    "/communes/97411.atom?type=violence_physique",
    "/incidents.atom?annee=2020",
    "/incidents.atom?departement=974&media=gagny+libre",
    "/incidents.atom?departement=974&q=blogs",
)
AT_GAGNY = {"place_label": "salle des fêtes"}
IN_REUNION = {
    "commune": "97411",
    "types": ("violence_physique",),
    "actor": "prefet",
    "target": "association",
    "level": "outre_mer",
    "date": "2020-01",
    **AT_GAGNY,
}
CASE_TITLE = "Interdiction de filmer le conseil municipal de Gagny"


def kinds(titles) -> list[str]:
    """The acts that entries are of, by the first words of their titles."""
    return [title.partition(" ")[0] for title in titles]


def test_a_correction_that_moves_a_case_is_one_entry_in_its_former_feed(reader, bruno) -> None:
    case = bruno.published(**AT_GAGNY)
    bruno.follows(case)
    for address in GAGNY_FEEDS:
        assert kinds(reader.titles(address)) == ["Suite", "Interdiction"], address
    for address in REUNION_FEEDS:
        assert reader.titles(address) == [], address
    bruno.corrects(case, **IN_REUNION)
    for address in GAGNY_FEEDS:
        assert kinds(reader.titles(address)) == ["Correction"], address
    for address in REUNION_FEEDS:
        assert kinds(reader.titles(address)) == ["Correction", "Suite", "Interdiction"], address
    bruno.corrects(case, **IN_REUNION, amount="rien")
    bruno.follows(case, "Plus tard")
    for address in GAGNY_FEEDS:
        assert kinds(reader.titles(address)) == ["Correction"], address
    for address in REUNION_FEEDS:
        assert len(reader.titles(address)) == 5, address


@pytest.mark.parametrize("end", ["withdraws", "erases", "merges", "redacts"])
def test_a_withdrawal_is_an_entry_of_every_feed_that_had_the_case(reader, bruno, end) -> None:
    other = bruno.published(commune="13055", types=("huis_clos",), date="", level="etat")
    case = bruno.published(**AT_GAGNY)
    bruno.corrects(case, **IN_REUNION)
    if end == "merges":
        bruno.merges(case, other)
    elif end == "redacts":
        bruno.redacts(case, content=bruno.content(**IN_REUNION, amount="rien"))
    else:
        getattr(bruno, end)(case)
    expected = {"withdraws": "Retrait", "erases": "Effacement", "merges": "Réunion"}
    for address in (*GAGNY_FEEDS, *REUNION_FEEDS):
        entries = kinds(title for title in reader.titles(address) if "nº 2" in title)
        if end == "redacts":
            assert entries[:2] == ["Passage", "Correction"], address
        else:
            assert entries == [expected[end]], address
    # A feed in which the case never was has no entry of it.
    for address in (
        "/communes/13055.atom",
        "/departements/2A.atom",
        "/incidents.atom?type=huis_clos",
        "/incidents.atom?sans_date=1",
        "/incidents.atom?departement=13&media=gagny+libre",
        "/incidents.atom?departement=13&q=blogs",
        "/incidents.atom?annee=1999",
    ):
        assert not [title for title in reader.titles(address) if "nº 2" in title], address


MATCHING = ("media=gagny+libre", "q=filmer")


@pytest.mark.parametrize(
    "word", [*MATCHING, "media=ailleurs", "endroit=nulle+part", "q=coquelicot"]
)
@pytest.mark.parametrize(
    ("end", "act"), [("redacts", "Passage"), ("withdraws", "Retrait"), ("erases", "Effacement")]
)
def test_no_text_search_hides_a_withdrawal(reader, bruno, end, act, word) -> None:
    case = bruno.published()
    bruno.follows(case)
    getattr(bruno, end)(case)
    for address in (f"/incidents.atom?{word}", f"/communes/93032.atom?{word}"):
        entries = kinds(reader.titles(address))
        if end == "redacts" and word in MATCHING:
            assert entries == [act, "Suite", "Interdiction"]
        else:
            assert entries == [act]
    assert reader.titles(f"/communes/93066.atom?{word}") == []


def test_changes_of_a_withdrawn_case_are_in_no_feed(reader, bruno) -> None:
    case = bruno.published(**AT_GAGNY)
    bruno.withdraws(case)
    before = {
        address: reader.document(address)
        for address in (*GAGNY_FEEDS, *REUNION_FEEDS, "/incidents.atom")
    }
    bruno.edits(case, **IN_REUNION, title="Un brouillon")
    bruno.redacts(case, content=bruno.content(**IN_REUNION, title="Un autre brouillon"))
    for address in (*GAGNY_FEEDS, "/incidents.atom", "/incidents/1.atom"):
        assert reader.titles(address) == ["Retrait du cas nº 1"]
        assert b"brouillon" not in reader.document(address)
    for address in REUNION_FEEDS:
        assert reader.document(address) == before[address], address
    bruno.erases(case)
    for address in GAGNY_FEEDS:
        assert reader.titles(address) == ["Effacement du cas nº 1"]
    for address in REUNION_FEEDS:
        assert reader.titles(address) == [], address


def test_a_case_withdrawn_twice_is_one_entry(reader, bruno) -> None:
    case = bruno.published()
    bruno.withdraws(case)
    bruno.restores(case)
    assert kinds(reader.titles("/communes/93032.atom")) == [
        "Rétablissement",
        "Retrait",
        "Interdiction",
    ]
    bruno.withdraws(case, "securite")
    for address in ("/incidents.atom", "/communes/93032.atom", "/incidents/1.atom"):
        (entry,) = reader.feed(address).entries
        assert plain(entry.title) == "Retrait du cas nº 1"
        assert entry.published == AT + 4 * MINUTE


def test_a_restored_case_is_an_entry_of_its_new_places_feed(reader, bruno) -> None:
    case = bruno.published(**AT_GAGNY)
    bruno.withdraws(case)
    bruno.edits(case, **IN_REUNION)
    bruno.restores(case, "Le lieu est revu")
    for address in REUNION_FEEDS:
        assert kinds(reader.titles(address)) == ["Rétablissement", "Retrait", "Interdiction"]
    for address in GAGNY_FEEDS:
        # The withdrawal that it listed then, as it reads now: lifted since.
        assert kinds(reader.titles(address)) == ["Retrait"], address


def test_each_correction_that_moves_a_case_is_an_entry(reader, bruno) -> None:
    """A reader that polls only after the second must get the case's departure, too."""
    address = "/incidents.atom?commune=93032&type=interdiction_filmer"
    case = bruno.published()
    bruno.corrects(case, commune="97411")
    moved = reader.feed(address).entries
    bruno.corrects(case, commune="97411", types=("violence_physique",))
    assert [entry.id for entry in reader.feed(address).entries] == [entry.id for entry in moved]
    assert kinds(reader.titles("/communes/93032.atom")) == kinds(
        [plain(entry.title) for entry in moved]
    )


def test_a_value_among_several_is_one_of_them_and_every_filter_has_to_hold(reader, bruno) -> None:
    bruno.published()
    bruno.published(types=("expulsion",), commune="93066")
    bruno.published(types=("expulsion",), commune="93032")

    def listed_numbers(query) -> list[int]:
        entries = reader.feed(f"/incidents.atom?{query}").entries
        return [int(entry.address.rpartition("/")[2]) for entry in entries]

    assert listed_numbers("type=expulsion&type=interdiction_filmer") == [3, 2, 1]
    assert listed_numbers("type=expulsion&commune=93032") == [3]
    assert listed_numbers("commune=93059") == [2]
    assert listed_numbers("type=expulsion&commune=93032&commune=93066") == [3, 2]
    assert listed_numbers("type=huis_clos&commune=93032") == []


def test_a_follow_up_that_changes_the_outcome_is_an_entry_of_the_former_feed(reader, bruno) -> None:
    pending = {"outcome": "en_cours", "end_date": "2008-06"}
    case = bruno.published(**pending)
    old = ("/incidents.atom?issue=en_cours", "/incidents.atom?duree=moins-d-un-an&commune=93032")
    new = ("/incidents.atom?issue=desistement", "/incidents.atom?duree=plus-de-trois-ans")
    ended = bruno.content(outcome="desistement", end_date="2012")
    bruno.follows(case, "Il se désiste", content=ended)
    for address in old:
        assert reader.titles(address) == ["Suite : Il se désiste (cas nº 1)"], address
    for address in new:
        assert kinds(reader.titles(address)) == ["Suite", "Interdiction"], address
    bruno.withdraws(case)
    for address in (*old, *new):
        assert reader.titles(address) == ["Retrait du cas nº 1"], address


@pytest.mark.parametrize(
    ("ends", "last"),
    [
        (("withdraws", "merges"), "Réunion"),
        (("merges", "erases"), "Effacement"),
        (("withdraws", "merges", "erases"), "Effacement"),
    ],
)
def test_of_several_ends_of_a_case_every_feed_has_the_last(reader, bruno, ends, last) -> None:
    other = bruno.published(commune="13055", types=("huis_clos",))
    case = bruno.published(**AT_GAGNY)
    bruno.corrects(case, **IN_REUNION)
    for end in ends:
        getattr(bruno, end)(*((case, other) if end == "merges" else (case,)))
    for address in (*GAGNY_FEEDS, *REUNION_FEEDS):
        titles = [title for title in reader.titles(address) if "nº 2" in title]
        assert kinds(titles) == [last], address


@pytest.mark.parametrize("end", ["withdraws", "erases"])
def test_a_feed_of_one_kind_of_act_reports_withdrawals_too(reader, bruno, end) -> None:
    case = bruno.published()
    bruno.follows(case)
    feeds = [
        "/registre.atom?acte=publication",
        "/registre.atom?acte=suite",
        "/registre.atom?mois=2026-03",
    ]
    for address in feeds:
        assert reader.titles(address), address
    getattr(bruno, end)(case)
    expected = {"withdraws": "Retrait", "erases": "Effacement"}[end]
    for address in feeds:
        assert kinds(reader.titles(address)) == [expected], address
    assert reader.titles("/registre.atom?acte=reponse") == []


def test_the_feed_of_a_merged_case_reports_the_merge(reader, bruno) -> None:
    case, into = bruno.published(), bruno.published(title="L’autre")
    bruno.merges(case, into)
    assert kinds(reader.titles(f"/incidents/{into.number}.atom")) == ["Réunion", "L’autre"]


def test_a_feed_of_a_text_search_has_its_words_as_title(reader, bruno) -> None:
    bruno.published()
    for address, self_address, title in (
        ("/incidents.atom?q=filmer", "/incidents.atom?q=filmer", "« filmer »"),
        (
            "/incidents.atom?famille=acces&tri=date&q=filmer",
            "/incidents.atom?q=filmer&famille=acces",
            "« filmer », accès à l’information et aux séances",
        ),
        (
            "/communes/93032.atom?q=filmer",
            "/communes/93032.atom?q=filmer",
            "« filmer », Gagny (Seine-Saint-Denis)",
        ),
    ):
        feed = reader.feed(address)
        assert plain(feed.title) == f"Web Citoyen – {title}"
        assert feed.link("self").endswith(self_address)
        assert [entry.address.rpartition("/")[2] for entry in feed.entries] == ["1"]


@pytest.mark.parametrize("text", ["x" * 201, "le+la", "+".join(f"mot{n}" for n in range(25))])
def test_a_feed_of_an_unsearchable_query_is_refused(reader, text) -> None:
    assert reader.get(f"/incidents.atom?q={text}").status_code in (400, 422)
