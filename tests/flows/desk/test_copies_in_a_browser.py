"""A member hides a face in a picture and cuts a video, looks at the result, and no byte tells more.

The worker of the served register makes the copies; the files came with a report, say.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from tempfile import TemporaryFile

import pytest
from case_contents import a_case
from case_files import CaseFiles
from databases import open_engine
from desk_steps import Member, expect_heading, expect_message, join
from evidence_samples import MARKER, needs_ffmpeg, photograph, recording, saved
from fresh_register import serve_fresh_register
from input_devices import Keys, Pointer
from page_checks import Watch, browsers
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session
from viewports import DESKTOP, PHONE, Viewport, each_of

from register.accounts.models import Member as Account
from register.cases import acts
from register.evidence.clean_copy.ffmpeg import read_facts
from register.evidence.clean_copy.limits import CopyLimits
from register.journal import writing
from register.operations import setup

pytestmark = pytest.mark.browser


class Finger(Pointer):
    """A pointer that touches, where it drags."""


VIEWPORTS = {
    "phone": Viewport(PHONE, scripts=False),
    "phone with scripts, by finger": Viewport(PHONE, scripts=True, user=Finger),
    "desktop": Viewport(DESKTOP, scripts=False),
    "desktop with scripts": Viewport(DESKTOP, scripts=True),
    "keyboard alone": Viewport(DESKTOP, scripts=True, user=Keys),
    "keyboard alone without scripts": Viewport(PHONE, scripts=False, user=Keys),
}
# Of the picture: what is hidden, in per cent.
FACE = {"gauche": "20", "haut": "10", "largeur": "30", "hauteur": "40"}


@dataclass(frozen=True)
class DeskWithFiles:
    """A member at a browser; ``add`` puts a file into their draft and gives the list's address."""

    member: Member
    add: Callable[[bytes, str], str]


@pytest.fixture
def at_work(
    registers, tmp_path, browser: Browser, watch: list[Watch], request: pytest.FixtureRequest
) -> Iterator[DeskWithFiles]:
    """Ada, who just joined a register that is served and followed, and has a draft."""
    viewport: Viewport = request.param
    with (
        registers.new("sqlite", tmp_path) as settings,
        serve_fresh_register(settings) as register,
        browsers(browser, register.base, watch) as open_browser,
        open_engine(settings.database_url) as engine,
    ):
        tab = open_browser(viewport.width, scripts=viewport.scripts)
        ada = Member(viewport.user(tab), "ada@registre.example")
        join(ada, register.first_link, "Ada", first=True)
        with Session(engine) as session:
            by = session.scalars(select(Account.id)).one()
            store = setup.key_store(settings, session)
        with writing(engine) as tx:
            case = acts.draft(tx, a_case(), by=by, reason="r", flag_reasons="relu").id
        with closing(store):
            files = setup.sealed_files(settings, store)
            case_files = CaseFiles(engine, lambda: writing(engine), store, files, by)

            def add(content: bytes, name: str) -> str:
                case_files.added(case, content, name)
                return f"{register.base}/moderation/dossiers/{case}/pieces"

            yield DeskWithFiles(ada, add)


each_viewport = pytest.mark.parametrize(
    "at_work",
    [pytest.param(p.values[0], id=p.id, marks=p.marks) for p in each_of(VIEWPORTS)],
    indirect=True,
)


def wait_for_copy(member: Member) -> None:
    """Until the worker has made it: with scripts the page says so by itself."""
    page = member.page
    for _look in range(40):
        coming = page.locator("[data-coming]")
        if not coming.count():
            return
        page.wait_for_timeout(500)
        if coming.count():
            page.reload()
    raise AssertionError("the copy does not come")


def see_result(member: Member) -> None:
    """Have the edits applied, until another copy than the one before is shown."""
    before = result(member.page).locator("img, video").get_attribute("src") or ""
    member.user.press("Voir le résultat")
    for _look in range(40):
        wait_for_copy(member)
        if result(member.page).locator("img, video").get_attribute("src") != before:
            return
        member.page.wait_for_timeout(500)
    raise AssertionError("the copy stays as it was")


def ask_for_copy(member: Member, address: str, name: str) -> None:
    member.page.goto(address)
    member.user.press("Préparer une copie")
    expect_heading(member.page, name)
    wait_for_copy(member)


def result(page: Page) -> Locator:
    return page.locator(".leaf > div").last


def fetch(page: Page, part: Locator) -> bytes:
    """The bytes of what is shown, as the member's browser gets them."""
    address = part.locator("img, video").get_attribute("src") or ""
    answer = page.context.request.get(f"{page.url.split('/moderation')[0]}{address}")
    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    return bytes(answer.body())


def look(member: Member, words: str) -> None:
    member.user.tick(words)
    member.user.press("Noter ce que j’ai regardé")
    expect_message(member.page, "C’est noté")
    expect(member.page.locator("#copie")).to_contain_text("a été regardée par")


def hide_by_numbers(member: Member) -> None:
    frame = member.page.locator("fieldset", has_text="Cadre 1")
    if not frame.is_visible():
        member.user.unfold("Cadres, en pour cent")
    for label, number in FACE.items():
        member.user.write(label, number, frame)


def hide_by_hand(member: Member) -> None:
    """A rectangle that is added, moved and resized on the picture."""
    page = member.page
    member.user.press("Flouter")
    box = page.locator(".stage .mask")
    expect(box).to_be_focused()
    expect(box).to_have_attribute("aria-label", re.compile("gauche 35, haut 35, largeur 30"))
    if isinstance(member.user, Keys):
        for key, times in (("ArrowLeft", 15), ("ArrowUp", 25), ("Shift+ArrowDown", 10)):
            for _press in range(times):
                page.keyboard.press(key)
    else:
        frame = page.locator(".stage").bounding_box() or {}
        across, down = frame["width"] / 100, frame["height"] / 100
        drag(member, box, -15 * across, -25 * down)
        drag(member, box.locator(".grip"), 0, 10 * down)
    label = box.get_attribute("aria-label") or ""
    numbers = [
        float(number) for number in re.findall(r"(?:gauche|haut|largeur|hauteur) ([\d.]+)", label)
    ]
    assert numbers == pytest.approx([20, 10, 30, 40], abs=1.5)
    # One too many, which goes again.
    member.user.press("Noircir")
    expect(page.locator(".stage .mask")).to_have_count(2)
    page.keyboard.press("Delete")
    expect(page.locator(".stage .mask")).to_have_count(1)


def drag(member: Member, part: Locator, across: float, down: float) -> None:
    page = member.page
    part.scroll_into_view_if_needed()
    frame = part.bounding_box() or {}
    x, y = frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2
    if isinstance(member.user, Finger):
        touch(page, [(x, y), (x + across / 2, y + down / 2), (x + across, y + down)])
        return
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + across / 2, y + down / 2)
    page.mouse.move(x + across, y + down)
    page.mouse.up()


def touch(page: Page, points: list[tuple[float, float]]) -> None:
    """Put a finger down, move it along these points, and lift it."""
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    for number, (x, y) in enumerate(points):
        kind = "touchMove" if number else "touchStart"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    session.detach()


@pytest.mark.prove
@each_viewport
def test_a_face_is_blurred_in_the_copy_alone(at_work: DeskWithFiles) -> None:
    ada = at_work.member
    page = ada.page
    exif = Image.Exif()
    exif[0x010E] = MARKER
    original = saved(photograph(800, 500), "JPEG", exif=exif, comment=MARKER.encode())
    address = at_work.add(original, "conseil.jpg")
    ask_for_copy(ada, address, "conseil.jpg")
    before = fetch(page, result(page))
    has_scripts = page.locator("[data-tools]").is_visible()
    (hide_by_hand if has_scripts else hide_by_numbers)(ada)
    see_result(ada)
    after = fetch(page, result(page))
    assert MARKER.encode() in original
    assert MARKER.encode() not in before + after
    pictures = [Image.open(io.BytesIO(content)).convert("RGB") for content in (before, after)]
    # The upper left quarter is red, up to the middle: the blur mixes it with what is beside.
    hidden = [picture.crop((376, 60, 396, 240)).tobytes() for picture in pictures]
    beside = [picture.crop((500, 300, 780, 480)).resize((4, 4)).tobytes() for picture in pictures]
    assert sum(a != b for a, b in zip(*hidden, strict=True)) > len(hidden[0]) / 3
    assert max(abs(a - b) for a, b in zip(*beside, strict=True)) < 6
    look(ada, "J’ai regardé cette page")
    page.goto(address)
    expect(page.locator(".case-files")).to_contain_text("Retouches : parties cachées")


def crop_by_hand(member: Member) -> None:
    """A frame on the picture, made narrower by a fifth of it."""
    page = member.page
    if isinstance(member.user, Finger):
        # On the picture itself a finger scrolls the page.
        picture = page.locator(".stage img")
        drag(member, picture, 40, 40)
        expect(page.locator(".stage .mask")).to_have_count(0)
    member.user.press("Recadrer")
    box = page.locator(".stage .mask")
    expect(box).to_have_attribute("aria-label", re.compile("gauche 5, haut 5, largeur 90"))
    if isinstance(member.user, Keys):
        for _press in range(20):
            page.keyboard.press("Shift+ArrowLeft")
    else:
        frame = page.locator(".stage").bounding_box() or {}
        drag(member, box.locator(".grip"), -frame["width"] / 5, 0)


def crop_by_numbers(member: Member) -> None:
    frame = member.page.locator('[data-row="crop"]')
    if not frame.is_visible():
        member.user.unfold("Cadres, en pour cent")
    for label, number in {"gauche": "5", "haut": "5", "largeur": "70", "hauteur": "90"}.items():
        member.user.write(label, number, frame)


@pytest.mark.prove
@each_viewport
def test_a_picture_is_cropped(at_work: DeskWithFiles) -> None:
    ada = at_work.member
    ask_for_copy(
        ada, at_work.add(saved(photograph(800, 500), "JPEG"), "conseil.jpg"), "conseil.jpg"
    )
    has_scripts = ada.page.locator("[data-tools]").is_visible()
    (crop_by_hand if has_scripts else crop_by_numbers)(ada)
    see_result(ada)
    picture = Image.open(io.BytesIO(fetch(ada.page, result(ada.page))))
    assert picture.size == pytest.approx((560, 450), abs=12)


@pytest.mark.prove
@needs_ffmpeg
@each_viewport
def test_ten_seconds_are_cut_from_a_video(at_work: DeskWithFiles) -> None:
    ada = at_work.member
    page = ada.page
    original = recording(
        *("-f", "lavfi", "-i", "testsrc=size=160x90:rate=10:duration=25"),
        *("-f", "lavfi", "-i", "sine=frequency=440:duration=25"),
        *("-metadata", f"title={MARKER}", "-preset", "ultrafast"),
    )
    address = at_work.add(original, "seance.mp4")
    ask_for_copy(ada, address, "seance.mp4")
    cuts = page.locator("fieldset.times", has_text="Couper")
    ada.user.write("de", "0:10", cuts)
    ada.user.write("à", "0:20", cuts)
    see_result(ada)
    content = fetch(page, result(page))
    assert MARKER.encode() in original
    assert MARKER.encode() not in content
    assert duration(content) == pytest.approx(15, abs=0.3)
    look(ada, "J’ai tout vu ou écouté")


def duration(content: bytes) -> float:
    with TemporaryFile() as file:
        file.write(content)
        file.flush()
        return read_facts(file.fileno(), "video/mp4", CopyLimits()).duration
