"""Byte comparison of all pages that two commits make of the same registers.

In a checkout, with its Python:

- ``-m tools.page_comparison make SITE`` fills three registers (the public pages, the desk, the
  reports) with the help of ``tests/``, and writes the requests to ``SITE/requests.json``;
- ``-m tools.page_comparison capture SITE OUT`` copies each register, sends its requests, follows
  the links of the answers (two steps for readers, one for members), and writes every answer;
- ``-m tools.page_comparison compare BEFORE AFTER`` prints the differences, and ends with 1 if there
  are any.

The clock is fixed. Masked: form tokens, names of assets, and the identifiers of the journal lines
that the requests themselves write. To capture with an older commit, run this file there.
"""

from __future__ import annotations

import datetime as clock
import hashlib
import html
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

TOP = Path(__file__).resolve().parents[1]
MOMENT = clock.datetime(2026, 11, 27, 12, 0, tzinfo=clock.UTC)
PAGE_LIMIT = 6000  # answers for one reader of one register
ADMINISTRATOR = "gaston@register.test"
_HEADERS = ("Content-Type", "Location", "Cache-Control", "Content-Security-Policy", "Link")
_LINK = re.compile(rb"""(?:href|src|action)=["']([^"']+)["']|<loc>([^<]+)</loc>""")
_TOKEN_FIELD = rb"(?:csrf_token|jeton)"
_MASKS = (
    (re.compile(rb"[\w=-]+\.[\w-]{6}\.[\w-]{27}"), b"TOKEN"),
    (re.compile(rb'(name="' + _TOKEN_FIELD + rb'"[^>]*value=")[^"]*'), rb"\1TOKEN"),
    (re.compile(rb'(value=")[^"]*("[^>]*name="' + _TOKEN_FIELD + rb'")'), rb"\1TOKEN\2"),
    (re.compile(rb"/static/[\w./-]+"), b"/static/ASSET"),
)
_JOURNAL_MASKS = (
    (re.compile(rb"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"), b"UUID"),
    (re.compile(rb"[0-9a-f]{64}"), b"DIGEST"),
)
_DATETIME, _DATE = clock.datetime, clock.date


class _SameInstances(type):
    """Lets the moments of libraries pass for those of the fixed clock."""

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, _DATE if cls.__name__ == "_FixedDate" else _DATETIME)


class _FixedDatetime(_DATETIME, metaclass=_SameInstances):
    @classmethod
    def now(cls, tz: clock.tzinfo | None = None) -> clock.datetime:  # type: ignore[override]
        return MOMENT.astimezone(tz) if tz else MOMENT.replace(tzinfo=None)


class _FixedDate(_DATE, metaclass=_SameInstances):
    @classmethod
    def today(cls) -> clock.date:  # type: ignore[override]
        return MOMENT.date()


# --- the registers ----------------------------------------------------------------------------


def make(site: Path) -> None:
    """Fill the registers of ``site``, and write the requests."""
    folders = (path for path in (TOP / "tests").rglob("*") if path.is_dir())
    sys.path += [str(TOP / "tests"), *map(str, folders)]
    shutil.rmtree(site, ignore_errors=True)
    from cast import PASSWORD

    registers = {
        "public": _make_public(_new_register(site / "public")),
        "desk": _make_desk(_new_register(site / "desk")),
        "reports": _make_reports(_new_register(site / "reports")),
    }
    requests = {
        "password": PASSWORD,
        "moderator": "bruno@register.test",
        "ready": _make_ready_draft(site / "reports"),
        "registers": registers,
    }
    (site / "requests.json").write_text(json.dumps(requests, ensure_ascii=False, indent=1), "utf-8")


def _new_register(folder: Path) -> Any:
    from databases import load_settings

    folder.mkdir(parents=True)
    set_environment(folder)
    command = [sys.executable, "-m", "register", "init"]
    subprocess.run(command, cwd=TOP, check=True, stdout=subprocess.DEVNULL)
    return load_settings(folder, os.environ["REGISTER_DATABASE_URL"])


def _make_public(settings: Any) -> list[dict[str, Any]]:
    import demo_site

    pages = {**demo_site.PAGES, **demo_site.RARE, **demo_site.ENGLISH}.values()
    with demo_site.site(settings) as site:
        paths = [path.format(**site.numbers) for path in pages if demo_site.FAILS not in path]
    files = ("/registre.jsonl", "/sitemap.xml", "/robots.txt", "/incidents.atom", "/registre/tete")
    return [{"path": path} for path in (*paths, *files)]


def _make_desk(settings: Any) -> list[dict[str, Any]]:
    from cast import PASSWORD
    from databases import open_engine
    from desk_site import desk_site

    from register.accounts import acts
    from register.accounts.models import Role
    from register.journal import writing

    site = desk_site(settings)
    with open_engine(settings.database_url) as engine, writing(engine) as tx:
        acts.add_member(tx, ADMINISTRATOR, Role.ADMINISTRATOR, PASSWORD)
    # Random on each page: the secret of a second factor, recovery codes, an invitation.
    random_pages = ("second factor", "new codes", "invitation made")
    return _site_requests(site, ADMINISTRATOR, random_pages)


def _make_reports(settings: Any) -> list[dict[str, Any]]:
    from reports_site import reports_site

    # A receipt and a new message are new at each sending.
    return _site_requests(reports_site(settings), "ada@register.test", ("receipt", "message kept"))


def _site_requests(site: Any, member: str, left_out: Sequence[str]) -> list[dict[str, Any]]:
    """The pages of a site in both languages, those of members as one member sends them."""
    requests = []
    for language in ("fr", "en"):
        for name in site.pages:
            page = site.page(name, language)
            # The comparison signs in anew: nobody's session is of a quarter of an hour ago.
            if name in left_out or page.minutes:
                continue
            request = {"path": page.path, "member": member if page.member else None}
            if page.fields is not None:
                request["form"] = dict(page.fields)
            requests.append(request)
    return requests


def _make_ready_draft(folder: Path) -> int:
    """A draft that a member may publish, in the register of the reports; its id."""
    from cast import Cast, Desk
    from databases import open_engine
    from sqlalchemy import select

    from register.accounts.models import Member
    from register.db import now
    from register.journal import writing

    set_environment(folder)
    with open_engine(os.environ["REGISTER_DATABASE_URL"]) as engine:
        with engine.connect() as connection:
            ids = {
                email.split("@")[0]: id_
                for id_, email in connection.execute(select(Member.id, Member.email))
            }
        cast = Cast(**{name: ids[name] for name in ("bruno", "chloe", "ada", "driss")})
        draft = Desk(lambda at=None: writing(engine, at or now()), cast).ready()
        return int(draft.id)


def read_requests(site: Path) -> dict[str, Any]:
    """What :func:`make` wrote: requests, password, the member and the draft to publish."""
    plan: dict[str, Any] = json.loads((site / "requests.json").read_text("utf-8"))
    return plan


# --- the answers ------------------------------------------------------------------------------


def capture(site: Path, out: Path) -> None:
    """Write the answers to the requests of each register, and the URL map."""
    clock.datetime, clock.date = _FixedDatetime, _FixedDate  # type: ignore[misc]
    shutil.rmtree(out, ignore_errors=True)
    plan = read_requests(site)
    for name, requests in plan["registers"].items():
        folder = out / "registers" / name
        shutil.copytree(site / name, folder)
        set_environment(folder)
        # The register may have been filled by an older commit.
        upgrade = [sys.executable, "-m", "register", "upgrade"]
        subprocess.run(upgrade, cwd=TOP, check=True, stdout=subprocess.DEVNULL)
        from register import create_app

        app = create_app()
        members = sorted({request.get("member") for request in requests}, key=str)
        readers = {member: Reader(app, member, plan["password"]) for member in members}
        (out / name).mkdir()
        listing = {}
        for number, (key, answer) in enumerate(_answers(readers, requests)):
            file = hashlib.sha256(key.encode()).hexdigest()[:20]
            (out / name / file).write_bytes(_serialized(answer, "journal" in key))
            listing[file] = key
            if number % 500 == 499:
                print(name, number + 1, file=sys.stderr)
        rules = sorted(f"{rule.rule} {sorted(rule.methods)}" for rule in app.url_map.iter_rules())
        (out / name / "url-map").write_text("\n".join(rules), "utf-8")
        listing["url-map"] = "URL map"
        (out / f"{name}.json").write_text(json.dumps(listing, ensure_ascii=False), "utf-8")
        print(name, len(listing), "answers")


class Reader:
    """A browser, of a member who is signed in or of a stranger."""

    def __init__(self, app: Any, member: str | None, password: str) -> None:
        self.client = app.test_client()
        self.csrf_field: Mapping[str, str] = {}
        if member is None:
            return
        page = self.client.get("/compte/connexion")
        names = re.findall(rb'<input[^>]*name="([^"]+)"', page.data)
        email, secret = (
            name.decode()
            for name in names
            if name in (b"adresse", b"email", b"mot_de_passe", b"password")
        )
        form = {email: member, secret: password, **self._csrf_field(page)}
        answer = self.client.post("/compte/connexion", data=form)
        if answer.status_code not in (302, 303):
            raise RuntimeError(f"{member} cannot sign in: {answer.status_code}")
        self.csrf_field = self._csrf_field(self.client.get("/moderation"))

    @staticmethod
    def _csrf_field(page: Any) -> dict[str, str]:
        token = re.search(rb'name="csrf_token"[^>]*value="([^"]+)"', page.data)
        if token is None:
            raise RuntimeError("a page without the token of a form")
        return {"csrf_token": token[1].decode()}

    def request(self, path: str, form: Mapping[str, str] | None) -> Any:
        """The answer to a request of a page, or to a form sent."""
        if form is None:
            return self.client.get(path)
        return self.client.post(path, data={**form, **self.csrf_field})


def _answers(
    readers: Mapping[str | None, Reader], requests: list[dict[str, Any]]
) -> Iterator[tuple[str, Any]]:
    """Every answer by a name of its request; forms come last, since they change pages."""
    queue = [(request.get("member"), request["path"], 0) for request in requests]
    pages = [page for page, request in zip(queue, requests, strict=True) if not request.get("form")]
    seen: set[tuple[str | None, str]] = set()
    while pages:
        member, path, depth = pages.pop(0)
        if (member, path) in seen or len(seen) >= PAGE_LIMIT:
            continue
        seen.add((member, path))
        answer = readers[member].request(path, None)
        yield f"{member} GET {path}", answer
        if depth < (2 if member is None else 1) and "ml" in answer.mimetype:
            links = dict.fromkeys(_links(path, answer.data))
            pages += [(member, link, depth + 1) for link in links]
    for request in requests:
        if form := request.get("form"):
            member, path = request.get("member"), request["path"]
            key = f"{member} POST {path} {sorted(form.items())}"
            yield key, readers[member].request(path, form)


def _links(base: str, data: bytes) -> Iterator[str]:
    """The addresses on this site that a page links to, styles and scripts left out."""
    for attribute, location in _LINK.findall(data):
        link = html.unescape((attribute or location).decode("utf-8", "replace"))
        url = urlsplit(urljoin(base, link))
        is_here = url.scheme in ("", "http") and url.hostname in (None, "localhost", "127.0.0.1")
        if is_here and not url.path.startswith("/static/") and "deconnexion" not in url.path:
            yield url.path + (f"?{url.query}" if url.query else "")


def _serialized(answer: Any, is_journal: bool) -> bytes:
    headers = "".join(
        f"{name}: {header}\n" for name, header in sorted(answer.headers) if name in _HEADERS
    )
    data: bytes = f"{answer.status_code}\n{headers}\n".encode() + answer.data
    for pattern, mask in (*_MASKS, *(_JOURNAL_MASKS if is_journal else ())):
        data = pattern.sub(mask, data)
    return data


def compare(before: Path, after: Path) -> int:
    """Print the first difference of each answer that differs; the number of these answers."""
    total = differing = 0
    for listing in sorted(before.glob("*.json")):
        first = json.loads(listing.read_text("utf-8"))
        second = json.loads((after / listing.name).read_text("utf-8"))
        for file in sorted({*first, *second}):
            total += 1
            x, y = (
                path.read_bytes() if path.exists() else b"(no answer)"
                for path in (before / listing.stem / file, after / listing.stem / file)
            )
            if x != y:
                differing += 1
                print(listing.stem, first.get(file) or second[file])
                _print_difference(x, y)
    print(f"{total} answers, {differing} differ")
    return differing


def _print_difference(x: bytes, y: bytes) -> None:
    index = next((i for i, pair in enumerate(zip(x, y, strict=False)) if pair[0] != pair[1]), 0)
    for sign, data in (("-", x), ("+", y)):
        print(" ", sign, data[max(0, index - 60) : index + 100])


def set_environment(folder: Path) -> None:
    for name in [name for name in os.environ if name.startswith("REGISTER_")]:
        del os.environ[name]
    os.environ |= {
        "REGISTER_INSTANCE": str(folder / "instance"),
        "REGISTER_SEAL_DIR": str(folder / "seal"),
        "REGISTER_DATABASE_URL": f"sqlite:///{folder / 'instance' / 'register.sqlite3'}",
        "REGISTER_REQUIRE_2FA": "off",
        "REGISTER_RATE_LIMITS": "off",
    }


def main(arguments: list[str]) -> int:
    """Run the command that the first argument names."""
    command, *paths = arguments
    sys.path.insert(0, str(TOP))
    result = {"make": make, "capture": capture, "compare": compare}[command](*map(Path, paths))  # type: ignore[operator]
    return int(bool(result))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
