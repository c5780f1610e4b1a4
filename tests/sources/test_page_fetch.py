"""Pages of sources are fetched from public hosts only, within limits, whatever their hosts do."""

from __future__ import annotations

import gzip
import time
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_address

import pytest

from register.sources.page_fetch import FetchLimits, PageFetcher
from register.sources.public_addresses import (
    PUBLIC_WEB,
    AddressRules,
    FetchError,
    FetchFailure,
    is_public,
    parse_web_address,
    resolve_public,
)
from tests.sources.web_hosts import (
    LOOPBACK,
    loopback_rules,
    make_certificate,
    redirect,
    reply,
    serving,
)

PAGE = "<!doctype html><title>Le maire porte plainte</title><p>Été 2006.".encode()
LIMITS = FetchLimits(size=200_000, seconds=2.0, pause=1.0)


def fetcher(*hosts, limits=LIMITS, **options):
    return PageFetcher("WebCitoyen/essai", limits, loopback_rules(*hosts, **options))


def failure_of(fetch, url):
    with pytest.raises(FetchError) as raised:
        fetch(url)
    return raised.value.failure


@pytest.mark.parametrize(
    "literal",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "127.8.8.8",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "224.0.1.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::808:808",
        "64:ff9b:1::a00:1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:808:808::",
        "fc00::1",
        "fd12::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
    ],
)
def test_an_address_that_is_not_public_is_refused(literal):
    assert not is_public(ip_address(literal))
    rules = AddressRules(lambda _host, _port: [literal])
    with pytest.raises(FetchError) as raised:
        resolve_public(parse_web_address("https://exemple.fr/"), rules)
    assert raised.value.failure == FetchFailure.NOT_PUBLIC


@pytest.mark.parametrize("literal", ["8.8.8.8", "93.184.216.34", "2606:4700::6810:84e5"])
def test_a_public_address_is_allowed(literal):
    assert is_public(ip_address(literal))


def test_a_host_with_one_private_address_among_its_public_ones_is_refused():
    rules = AddressRules(lambda _host, _port: ["93.184.216.34", "10.0.0.1"])
    with pytest.raises(FetchError) as raised:
        resolve_public(parse_web_address("https://exemple.fr/"), rules)
    assert raised.value.failure == FetchFailure.NOT_PUBLIC


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://exemple.fr/",
        "file:///etc/passwd",
        "gopher://exemple.fr/",
        "javascript:alert(1)",
        "//exemple.fr/",
        "https:///chemin",
        "https://anne:secret@exemple.fr/",
        "https://anne@exemple.fr/",
        "https://@exemple.fr/",
        "https://exemple.fr:22/",
        "https://exemple.fr:8080/",
        "http://exemple.fr:0/",
        "https://exemple.fr:99999/",
        "https://exemple.fr/a b",
        "https://exemple.fr/\r\nHost: autre.fr",
        "https://exemple.fr\x00.autre.fr/",
        "http://abcdefghijklmnop.onion/",
        "https://[fe80::1%25eth0]/",
        "https://exemple.fr\\@autre.fr/",
        "http://" + "a" * 70 + "é.fr/",
    ],
)
def test_an_address_that_is_not_of_the_web_is_refused(url):
    assert failure_of(parse_web_address, url) == FetchFailure.ADDRESS


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "0x7f000001", "2130706433", "0177.0.0.1", "127.1", "[::1]", "localhost"]
)
def test_no_spelling_of_loopback_is_reached(host):
    """By the resolver of the system, which reads the former notations of inet_aton."""
    expected = (FetchFailure.NOT_PUBLIC, FetchFailure.UNRESOLVED, FetchFailure.ADDRESS)
    with serving({"/": reply(PAGE)}) as server:
        rules = replace(PUBLIC_WEB, ports={server.port})
        fetch = PageFetcher("WebCitoyen/essai", LIMITS, rules).fetch
        assert failure_of(fetch, f"http://{host}:{server.port}/") in expected
        assert server.requests == []


def test_an_address_is_normalised():
    address = parse_web_address("HTTPS://Mairie-Été.FR:443/Été?q=é#haut")
    assert address.url == "https://xn--mairie-t-h1ab.fr/%C3%89t%C3%A9?q=%C3%A9"
    assert address.authority == "xn--mairie-t-h1ab.fr"


def test_a_page_is_fetched_byte_for_byte_with_an_honest_name_and_nothing_else():
    with serving({"/a?b=c": reply(PAGE, headers=["Set-Cookie: suivi=1"])}) as host:
        [exchange] = fetcher(host).fetch(f"http://presse.fr:{host.port}/a?b=c#fin")
    assert exchange.body == PAGE
    assert (exchange.status, exchange.address) == (200, LOOPBACK)
    request = host.requests[0].decode().lower()
    assert f"host: presse.fr:{host.port}\r\n" in request
    assert "user-agent: webcitoyen/essai\r\n" in request
    assert "cookie" not in request
    assert "referer" not in request


def test_proxies_of_the_environment_are_not_used(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with serving({"/": reply(PAGE)}) as host:
        assert fetcher(host).fetch(f"http://presse.fr:{host.port}/")[0].body == PAGE


def test_redirects_are_followed_and_recorded_and_cookies_not_sent_back():
    with serving({"/fin": reply(PAGE)}) as second:
        first_answers = {
            "/": redirect("/deux"),
            "/deux": reply(
                status="301 Moved Permanently",
                headers=[f"Location: http://autre.fr:{second.port}/fin", "Set-Cookie: a=b"],
            ),
        }
        with serving(first_answers) as first:
            exchanges = fetcher(first, second).fetch(f"http://presse.fr:{first.port}/")
    assert [exchange.status for exchange in exchanges] == [302, 301, 200]
    assert exchanges[-1].url == f"http://autre.fr:{second.port}/fin"
    assert b"cookie" not in second.requests[0].lower()


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("http://169.254.169.254/latest/meta-data/", FetchFailure.NOT_PUBLIC),
        ("http://[::ffff:169.254.169.254]/", FetchFailure.NOT_PUBLIC),
        ("http://[::1]/", FetchFailure.NOT_PUBLIC),
        ("http://interne.fr/", FetchFailure.NOT_PUBLIC),
        ("http://presse.fr:22/", FetchFailure.ADDRESS),
        ("http://a:b@presse.fr/", FetchFailure.ADDRESS),
        ("file:///etc/passwd", FetchFailure.ADDRESS),
        ("ftp://presse.fr/", FetchFailure.ADDRESS),
        ("http://[presse.fr/", FetchFailure.ADDRESS),
        ("//presse\u2100.fr/", FetchFailure.ADDRESS),
    ],
)
def test_each_redirect_is_checked_again(location, expected):
    def resolve(name, port):
        del port
        names = {"presse.fr": LOOPBACK, "interne.fr": "10.0.0.5"}
        return [names.get(name, name)]

    with serving({"/": redirect(location)}) as host:
        rules = replace(loopback_rules(host), resolve=resolve)
        fetch = PageFetcher("WebCitoyen/essai", LIMITS, rules).fetch
        assert failure_of(fetch, f"http://presse.fr:{host.port}/") == expected


def test_a_circle_of_redirects_ends_after_five():
    with serving({"/": redirect("/")}) as host:
        fetch = fetcher(host).fetch
        assert failure_of(fetch, f"http://presse.fr:{host.port}/") == FetchFailure.REDIRECTS
        assert len(host.requests) == 6


def test_a_name_is_resolved_once_and_that_address_connected_to():
    """DNS rebinding: the second answer of the name would be this machine."""
    asked = []

    def resolve(name, port):
        asked.append((name, port))
        return [LOOPBACK] if len(asked) == 1 else ["10.0.0.1"]

    with serving({"/": reply(PAGE)}) as host:
        rules = replace(loopback_rules(host), resolve=resolve)
        exchanges = PageFetcher("WebCitoyen/essai", LIMITS, rules).fetch(
            f"http://presse.invalid:{host.port}/"
        )
        assert exchanges[0].body == PAGE
        assert asked == [("presse.invalid", host.port)]
        # The redirect of a page to itself asks again, and is refused.
        host.answers["/"] = redirect("/encore")
        asked.clear()
        fetch = PageFetcher("WebCitoyen/essai", LIMITS, rules).fetch
        assert failure_of(fetch, f"http://presse.invalid:{host.port}/") == FetchFailure.NOT_PUBLIC


def test_a_compressed_page_is_kept_as_it_was_sent():
    """A bomb stays folded: nothing is decompressed, whatever is announced."""
    bomb = gzip.compress(bytes(50_000_000))
    answer = reply(bomb, headers=["Content-Encoding: gzip", "Content-Type: text/html"])
    with serving({"/": answer}) as host:
        [exchange] = fetcher(host).fetch(f"http://presse.fr:{host.port}/")
    assert exchange.body == bomb
    assert b"accept-encoding: identity" in host.requests[0].lower()


def endless(head):
    def answer(connection, _request):
        connection.sendall(head)
        with suppress(OSError):
            while True:
                connection.sendall(b"2710\r\n" + bytes(10_000) + b"\r\n")

    return answer


def dripping(head, part=b"a", pause=0.2):
    def answer(connection, _request):
        connection.sendall(head)
        with suppress(OSError):
            while True:
                time.sleep(pause)
                connection.sendall(part)

    return answer


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (reply(bytes(300_000)), FetchFailure.TOO_LARGE),
        (endless(OK + b"\r\n"), FetchFailure.TOO_LARGE),
        (endless(OK + CHUNKED), FetchFailure.TOO_LARGE),
        (endless(OK + b"Content-Length: 100\r\nX: "), FetchFailure.MALFORMED),
        (endless(OK + b"X-Long: 1\r\n" * 200), FetchFailure.MALFORMED),
        (reply(headers=[f"X-{rank}: {'a' * 2_000}" for rank in range(90)]), FetchFailure.TOO_LARGE),
        (dripping(OK + b"Content-Length: 100000\r\n\r\n"), FetchFailure.TOO_SLOW),
        (dripping(OK + b"\r\n"), FetchFailure.TOO_SLOW),
        (dripping(OK + CHUNKED, b"1\r\na\r\n"), FetchFailure.TOO_SLOW),
        (dripping(OK + b"X: "), FetchFailure.TOO_SLOW),
        (dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), FetchFailure.TOO_SLOW),
        (dripping(b"HTTP/1.1 2"), FetchFailure.TOO_SLOW),
        (lambda _connection, _request: time.sleep(4), FetchFailure.TOO_SLOW),
        (lambda connection, _request: connection.sendall(b"SSH-2.0-x\r\n"), FetchFailure.MALFORMED),
        (
            lambda connection, _request: connection.sendall(OK + b"Content-Length: 9\r\n\r\nabc"),
            FetchFailure.MALFORMED,
        ),
        (lambda _connection, _request: None, FetchFailure.NO_CONNECTION),
        (reply(status="404 Not Found"), FetchFailure.STATUS),
        (reply(status="500 Internal Server Error"), FetchFailure.STATUS),
        (reply(status="304 Not Modified"), FetchFailure.STATUS),
    ],
    ids=[
        "large", "endless", "endless chunks", "endless header", "many headers", "huge headers",
        "slow body", "slow body without length", "slow chunks", "slow header", "endless continue",
        "slow status line", "silent", "not http", "cut", "closed", "404", "500", "304",
    ],
)  # fmt: skip
def test_a_hostile_server_costs_a_bounded_time_and_size(answer, expected):
    with serving({"/": answer}) as host:
        started = time.monotonic()
        assert failure_of(fetcher(host).fetch, f"http://presse.fr:{host.port}/") == expected
        assert time.monotonic() - started < 4


def test_a_host_that_answers_nothing_is_no_connection():
    with serving({}) as host:
        port = host.port
        rules = loopback_rules(host)
    fetch = PageFetcher("WebCitoyen/essai", LIMITS, rules).fetch
    assert failure_of(fetch, f"http://presse.fr:{port}/") == FetchFailure.NO_CONNECTION


def test_the_name_of_a_certificate_is_verified_on_the_resolved_address(tmp_path):
    context, authorities = make_certificate(tmp_path, "presse.fr")
    with serving({"/": reply(PAGE)}, context) as host:
        fetch = fetcher(host, authorities=authorities).fetch
        assert fetch(f"https://presse.fr:{host.port}/")[0].body == PAGE
        assert f"Host: presse.fr:{host.port}".encode() in host.requests[0]
        wrong = failure_of(fetch, f"https://autre.fr:{host.port}/")
        assert wrong == FetchFailure.CERTIFICATE
        # Unknown to the authorities of the system.
        unknown = failure_of(fetcher(host).fetch, f"https://presse.fr:{host.port}/")
        assert unknown == FetchFailure.CERTIFICATE
        assert len(host.requests) == 1


def test_a_slow_handshake_is_bounded(tmp_path):
    del tmp_path
    with serving({"/": reply(PAGE)}) as host:  # speaks no TLS, and waits for a request
        started = time.monotonic()
        assert failure_of(fetcher(host).fetch, f"https://presse.fr:{host.port}/") in (
            FetchFailure.TOO_SLOW,
            FetchFailure.CERTIFICATE,
        )
        assert time.monotonic() - started < 4


def test_a_page_is_checked_without_its_content():
    def only_get(connection, request):
        status = "405 Method Not Allowed" if request.startswith(b"HEAD") else "200 OK"
        reply(bytes(1_000_000), status=status)(connection, request)

    answers = {"/": reply(PAGE), "/get": only_get, "/fin": reply(status="410 Gone")}
    with serving(answers) as host:
        check = fetcher(host).check
        address = f"http://presse.fr:{host.port}"
        assert check(f"{address}/") == 200
        assert [request[:4] for request in host.requests] == [b"HEAD"]
        assert check(f"{address}/get") == 200
        assert check(f"{address}/fin") == 410
        assert check(f"{address}/absente") == 404
