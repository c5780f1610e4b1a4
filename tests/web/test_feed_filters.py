"""To whom an event is told: what filters select, and who learns that something was taken back."""

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
    # From here on the index lags: what happens is told all the same.
    follow(app)
    return FeedClient(app)


# --- whom an event is told ---------------------------------------------------------------------

# Feeds of a case at Gagny, a filming ban of the mayor's; and those of what it is moved to.
HERE = (
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
THERE = (
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
FROM = {"place_label": "salle des fêtes"}
AWAY = {
    "commune": "97411",
    "types": ("violence_physique",),
    "actor": "prefet",
    "target": "association",
    "level": "outre_mer",
    "date": "2020-01",
    **FROM,
}
NAMED = "Interdiction de filmer le conseil municipal de Gagny"


def kinds(titles) -> list[str]:
    """The titles of entries as the acts they tell of."""
    return [title.partition(" ")[0] for title in titles]


def test_a_correction_that_moves_a_case_is_one_entry_in_its_former_feed(reader, bruno) -> None:
    filed = bruno.published(**FROM)
    bruno.follows(filed)
    for address in HERE:
        assert kinds(reader.titles(address)) == ["Suite", "Interdiction"], address
    for address in THERE:
        assert reader.titles(address) == [], address
    bruno.corrects(filed, **AWAY)
    for address in HERE:
        assert kinds(reader.titles(address)) == ["Correction"], address
    for address in THERE:
        assert kinds(reader.titles(address)) == ["Correction", "Suite", "Interdiction"], address
    bruno.corrects(filed, **AWAY, amount="rien")
    bruno.follows(filed, "Plus tard")
    for address in HERE:
        assert kinds(reader.titles(address)) == ["Correction"], address
    for address in THERE:
        assert len(reader.titles(address)) == 5, address


@pytest.mark.parametrize("end", ["withdraws", "erases", "merges", "redacts"])
def test_a_withdrawal_is_an_entry_of_every_feed_that_had_the_case(reader, bruno, end) -> None:
    other = bruno.published(commune="13055", types=("huis_clos",), date="", level="etat")
    filed = bruno.published(**FROM)
    bruno.corrects(filed, **AWAY)
    if end == "merges":
        bruno.merges(filed, other)
    elif end == "redacts":
        bruno.redacts(filed, content=bruno.content(**AWAY, amount="rien"))
    else:
        getattr(bruno, end)(filed)
    took = {"withdraws": "Retrait", "erases": "Effacement", "merges": "Réunion"}
    for address in (*HERE, *THERE):
        found = kinds(title for title in reader.titles(address) if "nº 2" in title)
        if end == "redacts":
            assert found[:2] == ["Passage", "Correction"], address
        else:
            assert found == [took[end]], address
    # Where it never was, nobody learns that there was anything.
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


FOUND = ("media=gagny+libre", "q=filmer")


@pytest.mark.parametrize("word", [*FOUND, "media=ailleurs", "endroit=nulle+part", "q=coquelicot"])
@pytest.mark.parametrize(
    ("end", "told"), [("redacts", "Passage"), ("withdraws", "Retrait"), ("erases", "Effacement")]
)
def test_no_text_search_hides_a_withdrawal(reader, bruno, end, told, word) -> None:
    filed = bruno.published()
    bruno.follows(filed)
    getattr(bruno, end)(filed)
    for address in (f"/incidents.atom?{word}", f"/communes/93032.atom?{word}"):
        found = kinds(reader.titles(address))
        if end == "redacts" and word in FOUND:
            assert found == [told, "Suite", "Interdiction"]
        else:
            assert found == [told]
    assert reader.titles(f"/communes/93066.atom?{word}") == []


def test_changes_of_a_withdrawn_case_are_in_no_feed(reader, bruno) -> None:
    filed = bruno.published(**FROM)
    bruno.withdraws(filed)
    before = {address: reader.document(address) for address in (*HERE, *THERE, "/incidents.atom")}
    bruno.edits(filed, **AWAY, title="Un brouillon")
    bruno.redacts(filed, content=bruno.content(**AWAY, title="Un autre brouillon"))
    for address in (*HERE, "/incidents.atom", "/incidents/1.atom"):
        assert reader.titles(address) == ["Retrait du cas nº 1"]
        assert b"brouillon" not in reader.document(address)
    for address in THERE:
        assert reader.document(address) == before[address], address
    bruno.erases(filed)
    for address in HERE:
        assert reader.titles(address) == ["Effacement du cas nº 1"]
    for address in THERE:
        assert reader.titles(address) == [], address


def test_a_case_withdrawn_twice_is_one_entry(reader, bruno) -> None:
    filed = bruno.published()
    bruno.withdraws(filed)
    bruno.restores(filed)
    assert kinds(reader.titles("/communes/93032.atom")) == [
        "Rétablissement",
        "Retrait",
        "Interdiction",
    ]
    bruno.withdraws(filed, "securite")
    for address in ("/incidents.atom", "/communes/93032.atom", "/incidents/1.atom"):
        (entry,) = reader.feed(address).entries
        assert plain(entry.title) == "Retrait du cas nº 1"
        assert entry.published == AT + 4 * MINUTE


def test_a_restored_case_is_an_entry_of_its_new_places_feed(reader, bruno) -> None:
    filed = bruno.published(**FROM)
    bruno.withdraws(filed)
    bruno.edits(filed, **AWAY)
    bruno.restores(filed, "Le lieu est revu")
    for address in THERE:
        assert kinds(reader.titles(address)) == ["Rétablissement", "Retrait", "Interdiction"]
    for address in HERE:
        # The withdrawal it was told of then, as it reads now: lifted since.
        assert kinds(reader.titles(address)) == ["Retrait"], address


def test_each_correction_that_moves_a_case_is_an_entry(reader, bruno) -> None:
    """Whoever polls only after the second has to learn that the case left, too."""
    both = "/incidents.atom?commune=93032&type=interdiction_filmer"
    filed = bruno.published()
    bruno.corrects(filed, commune="97411")
    moved = reader.feed(both).entries
    bruno.corrects(filed, commune="97411", types=("violence_physique",))
    assert [entry.id for entry in reader.feed(both).entries] == [entry.id for entry in moved]
    assert kinds(reader.titles("/communes/93032.atom")) == kinds(
        [plain(entry.title) for entry in moved]
    )


def test_a_value_among_several_is_one_of_them_and_every_filter_has_to_hold(reader, bruno) -> None:
    bruno.published()
    bruno.published(types=("expulsion",), commune="93066")
    bruno.published(types=("expulsion",), commune="93032")

    def told(query) -> list[int]:
        entries = reader.feed(f"/incidents.atom?{query}").entries
        return [int(entry.address.rpartition("/")[2]) for entry in entries]

    assert told("type=expulsion&type=interdiction_filmer") == [3, 2, 1]
    assert told("type=expulsion&commune=93032") == [3]
    assert told("commune=93059") == [2]
    assert told("type=expulsion&commune=93032&commune=93066") == [3, 2]
    assert told("type=huis_clos&commune=93032") == []


def test_a_follow_up_that_changes_the_outcome_is_an_entry_of_the_former_feed(reader, bruno) -> None:
    pending = {"outcome": "en_cours", "end_date": "2008-06"}
    filed = bruno.published(**pending)
    old = ("/incidents.atom?issue=en_cours", "/incidents.atom?duree=moins-d-un-an&commune=93032")
    new = ("/incidents.atom?issue=desistement", "/incidents.atom?duree=plus-de-trois-ans")
    ended = bruno.content(outcome="desistement", end_date="2012")
    bruno.follows(filed, "Il se désiste", content=ended)
    for address in old:
        assert reader.titles(address) == ["Suite : Il se désiste (cas nº 1)"], address
    for address in new:
        assert kinds(reader.titles(address)) == ["Suite", "Interdiction"], address
    bruno.withdraws(filed)
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
    filed = bruno.published(**FROM)
    bruno.corrects(filed, **AWAY)
    for end in ends:
        getattr(bruno, end)(*((filed, other) if end == "merges" else (filed,)))
    for address in (*HERE, *THERE):
        found = [title for title in reader.titles(address) if "nº 2" in title]
        assert kinds(found) == [last], address


@pytest.mark.parametrize("end", ["withdraws", "erases"])
def test_a_feed_of_one_kind_of_act_reports_withdrawals_too(reader, bruno, end) -> None:
    filed = bruno.published()
    bruno.follows(filed)
    feeds = [
        "/registre.atom?acte=publication",
        "/registre.atom?acte=suite",
        "/registre.atom?mois=2026-03",
    ]
    for address in feeds:
        assert reader.titles(address), address
    getattr(bruno, end)(filed)
    gone = {"withdraws": "Retrait", "erases": "Effacement"}[end]
    for address in feeds:
        assert kinds(reader.titles(address)) == [gone], address
    assert reader.titles("/registre.atom?acte=reponse") == []


def test_the_feed_of_a_merged_case_reports_the_merge(reader, bruno) -> None:
    filed, into = bruno.published(), bruno.published(title="L’autre")
    bruno.merges(filed, into)
    assert kinds(reader.titles(f"/incidents/{into.number}.atom")) == ["Réunion", "L’autre"]


def test_a_feed_of_a_text_search_has_its_words_as_title(reader, bruno) -> None:
    bruno.published()
    for address, own, said in (
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
        assert plain(feed.title) == f"Web Citoyen – {said}"
        assert feed.link("self").endswith(own)
        assert [entry.address.rpartition("/")[2] for entry in feed.entries] == ["1"]


@pytest.mark.parametrize("text", ["x" * 201, "le+la", "+".join(f"mot{n}" for n in range(25))])
def test_a_feed_of_an_unsearchable_query_is_refused(reader, text) -> None:
    assert reader.get(f"/incidents.atom?q={text}").status_code in (400, 422)
