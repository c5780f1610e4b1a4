"""Whatever is typed, what is stored is safe, in French, and made in bounded time."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import suppress
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from register.errors import TextError
from register.text.markup import (
    ALLOWED_TAGS,
    LINK_REL,
    MAX_CHARS,
    VERSION,
    render_markdown,
    render_plain_text,
)

LINK = f'rel="{LINK_REL}"'


class Reader(HTMLParser):
    """Reads HTML as a browser would and refuses what the allow-list does not name."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert tag in ALLOWED_TAGS
        for name, value in attrs:
            assert (tag, name) in {("a", "href"), ("a", "rel"), ("ol", "start")}
            if name == "href":
                assert re.match("(https?://|mailto:)", value or "", re.IGNORECASE)
            if name == "rel":
                assert value == LINK_REL
            if name == "start":
                assert re.fullmatch("[0-9]+", value or "")

    def handle_endtag(self, tag: str) -> None:
        assert tag in ALLOWED_TAGS

    def handle_comment(self, data: str) -> None:
        pytest.fail(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        pytest.fail(f"a declaration: {decl}")

    def handle_pi(self, data: str) -> None:
        pytest.fail(f"a processing instruction: {data}")

    def unknown_decl(self, data: str) -> None:
        pytest.fail(f"a declaration: {data}")


def read(source: str) -> list[str]:
    reader = Reader()
    reader.feed(source)
    reader.close()
    return reader.tags


ATTACKS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//mal.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img/src='x'/onerror='alert(1)'/>",
    "<svg onload=alert(1)><circle/></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='data:text/html,<script>alert(1)</script>'></object>",
    "<a href='javascript:alert(1)' onclick='alert(1)'>x</a>",
    "<p style='background:url(javascript:alert(1))'>x</p>",
    "<style>@import '//mal.example/x.css';</style>",
    "<link rel=stylesheet href=//mal.example>",
    "<meta http-equiv=refresh content='0;url=//mal.example'>",
    "<base href='//mal.example/'>",
    "<form action=//mal.example><input name=code></form>",
    "<textarea></textarea><script>alert(1)</script>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!DOCTYPE html><html><body onload=alert(1)>",
    "<?xml version='1.0'?><x/>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<p\nid=x\nonmouseover=alert(1)>y</p>",
    "<\x00script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "&amp;lt;script&amp;gt;",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6A;avascript&colon;alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](//mal.example/)",
    "[x](/moderation/)",
    "[x](file:///etc/passwd)",
    "<javascript://x%0aalert(1)>",
    "<data://text/html,x>",
    '[x](http://a.fr"onmouseover="alert(1))',
    "[x](http://a.fr'onmouseover='alert(1))",
    '[x](http://a.fr "onmouseover=alert(1)")',
    "[<img src=x onerror=alert(1)>](http://a.fr)",
    "[x](http://a.fr/<script>)",
    "![x](http://mal.example/pixel.png)",
    "![x][y]\n\n[y]: javascript:alert(1)",
    "[x]\n\n[x]: javascript:alert(1)",
    "`<script>alert(1)</script>`",
    "``` <img src=x onerror=alert(1)>",
    "    <script>alert(1)</script>",
    "> <script>alert(1)</script>",
    "- <img src=x onerror=alert(1)>",
    "# <svg onload=alert(1)>",
    "**<b onclick=alert(1)>x</b>**",
    "<http://a.fr/><script>alert(1)</script>",
    "<a@b.fr\"onclick='alert(1)'>",
    "\x02wzxhzdk:0\x03<script>alert(1)</script>",
    "\x02klzzwxh:0000\x03",
    "[x](http://a`<b onclick=x>`)",
]


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("render_with", [render_markdown, render_plain_text])
def test_an_attack_comes_out_as_text(attack: str, render_with: Callable[[str], str]) -> None:
    for source in (attack, f"a\n\n{attack}\n\nb", f"**{attack}**", f"> - {attack}", attack * 3):
        written = render_with(source)
        read(written)
        assert "<script" not in written.lower()
        assert "<img" not in written.lower()


PIECES = st.lists(
    st.sampled_from(
        [
            *("<", ">", "</", "script", "a", " href=", '"', "'", "javascript:", "http://a.fr", "["),
            *("](", ")", "`", "*", "**", "_", "\n", "\n\n", "> ", "- ", "1. "),
            *("# ", "!", "&", "&#60;", "&lt;", ";", "<!--", "-->", "<![CDATA[", "onclick=x", "\\"),
            *("\x02", "\x03", "    ", "<b>", "<pre>", "</code>"),
        ]
    ),
    max_size=25,
).map("".join)


@given(PIECES | st.text(max_size=80))
def test_nothing_outside_the_allow_list(text: str) -> None:
    read(render_markdown(text))
    assert set(read(render_plain_text(text))) <= {"p", "br"}


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("Le maire\nsuspend.", "<p>Le maire\nsuspend.</p>"),
        ("Un  \ndeux", "<p>Un<br>\ndeux</p>"),
        ("**fort** et *doux*", "<p><strong>fort</strong> et <em>doux</em></p>"),
        ("# Un", "<h3>Un</h3>"),
        ("## Deux ##", "<h3>Deux</h3>"),
        ("### Trois", "<h4>Trois</h4>"),
        ("###### Six", "<h5>Six</h5>"),
        ("#gagny", "<p>#gagny</p>"),
        ("Titre\n---", "<p>Titre</p>\n<hr>"),
        ("> cité", "<blockquote>\n<p>cité</p>\n</blockquote>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>'),
        ("    alinéa", "<p>alinéa</p>"),
        ("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>"),
        ("`l'a ?`", "<p><code>l'a ?</code></p>"),
        ("l'élu ? non", "<p>l’élu\u202f? non</p>"),
        ("a_b_c 5 < 6 & 7", "<p>a_b_c 5 &lt; 6 &amp; 7</p>"),
        (
            "[ici](http://a.fr/b?c=1&d=2)",
            f'<p><a href="http://a.fr/b?c=1&amp;d=2" {LINK}>ici</a></p>',
        ),
        ("[w](https://a.fr/B_(c)_d)", f'<p><a href="https://a.fr/B_(c)_d" {LINK}>w</a></p>'),
        ("[**w**](https://a.fr)", f'<p><a href="https://a.fr" {LINK}><strong>w</strong></a></p>'),
        (r"[w](https://a.fr/b\_c)", f'<p><a href="https://a.fr/b_c" {LINK}>w</a></p>'),
        ("<https://a.fr>", f'<p><a href="https://a.fr" {LINK}>https://a.fr</a></p>'),
        ("<a@b.fr>", f'<p><a href="mailto:a@b.fr" {LINK}>a@b.fr</a></p>'),
        ("[x](javascript:y)", f"<p><a {LINK}>x</a></p>"),
        ("\r\nun\x00\r\n\r\ndeux", "<p>un</p>\n<p>deux</p>"),
        ("", ""),
    ],
)
def test_render(source: str, written: str) -> None:
    assert render_markdown(source) == written


def test_the_limit_is_in_characters() -> None:
    with pytest.raises(TextError) as refused:
        render_markdown("é" * (MAX_CHARS + 1))
    assert refused.value.key == "text_too_long"
    assert refused.value.values == {"limit": MAX_CHARS}
    assert render_markdown("é" * MAX_CHARS) == f"<p>{'é' * MAX_CHARS}</p>"


HOSTILE = [
    *"[]()*_`<>!#&~=|\\\"'- ",
    *("![", "[[a]", "[a](", "[a](<", "[a](b)", "[a](()", "[a]:", "[a]: b\n", "[*a*](b)", "]("),
    *("**", "***", "*a ", "a*", "*a*", "*_", "_*", "**a", "__a", "a_b_", "***a***", "*a **b "),
    *(
        "`a",
        "``a ` ",
        "`` ` ",
        "\\`",
        "\\\\`",
        "\\*",
        "<a",
        "</",
        "<!--",
        "<a@b",
        "<http://a",
        "<?",
    ),
    *("&#", "&amp;", "&a;", "> ", ">\n", "> a\n", "> > > > > > a\n", "> > > > > > a\n\n", "\n> a"),
    *(
        "- ",
        "1. ",
        "- a\n",
        "- a\n\n",
        "1. a\n\n",
        "- a\n    - b\n",
        "- a\n\n    - b\n\n",
        "> - a\n",
    ),
    *("\n#", "# a\n", "# a\n\n", "## # # ", "---\n", "===\n", "a\n===\n", "* * *\n\n", "    a\n\n"),
    *(
        "a\n\n",
        "\n\n",
        "\n\n*",
        "a  \n",
        "\t",
        "\u00a0 ",
        "?",
        "a? ",
        "« ",
        "1 000 ",
        "l'a ",
        ".a",
        "a",
    ),
]


@pytest.mark.prove
@pytest.mark.parametrize("pattern", HOSTILE)
def test_a_long_text_is_refused_or_rendered_in_bounded_time(pattern: str) -> None:
    for source in (_repeated(pattern), _in_blocks(pattern), _heaviest_accepted(pattern)):
        begun = time.process_time()
        # A refusal is one of the two good answers; any other error fails the test.
        with suppress(TextError):
            render_markdown(source)
        assert time.process_time() - begun < 2


def _repeated(pattern: str) -> str:
    return (pattern * MAX_CHARS)[:MAX_CHARS]


def _in_blocks(pattern: str) -> str:
    block = _repeated(pattern)[:1000].strip("\n")
    return "\n\n".join([block] * 49)


def _heaviest_accepted(pattern: str) -> str:
    """The longest run of the pattern that the bound lets through: 60 million marks x length."""
    marks = len(re.findall(r"[*_`\[\]<>&!#\\\n]", pattern)) or 1
    return _repeated(pattern)[: int((59_900_000 * len(pattern) / marks) ** 0.5)]


@pytest.mark.parametrize(
    "pattern", ["[", "*", "`", "<", "&", "\\", "---\n", "> > > > > > > a", "- " * 7]
)
def test_runs_that_no_person_writes_are_refused(pattern: str) -> None:
    with pytest.raises(TextError) as refused:
        render_markdown(_repeated(pattern))
    assert refused.value.key == "text_hostile"


def test_deep_nesting_is_flattened_or_refused() -> None:
    steps = "\n".join(" " * 4 * depth + "- a" for depth in range(100))
    assert render_markdown(steps).count("<ul>") <= 8
    with pytest.raises(TextError):
        render_markdown("1. " * 2000)


def test_a_long_honest_account_passes() -> None:
    paragraph = "Le **maire** dit « non » ([source](https://a.fr/b)), *selon* l'article 29. " * 6
    listing = "\n".join(f"- **{day} juin 2006** : audience n° {day}" for day in range(1, 31))
    account = "\n\n".join(["# Les faits", paragraph, listing, "> cité"] * 28)
    assert 40_000 < len(account) <= MAX_CHARS
    assert render_markdown(account).count("<h3>") == 28


def test_minutes_pasted_without_a_blank_line_pass() -> None:
    minutes = "Le maire répond que la séance est publique et la suspend.\n" * 800
    assert render_markdown(minutes).startswith("<p>Le maire")


def test_version_names_what_made_the_html() -> None:
    assert re.fullmatch(r"markdown-[\w.]+\+nh3-[\w.]+\+\d+", VERSION)


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("un\ndeux", "<p>un<br>\ndeux</p>"),
        ("un\n\n \n\ndeux\n", "<p>un</p>\n<p>deux</p>"),
        ("**l'a** <b> & ?", "<p>**l’a** &lt;b&gt; &amp;\u202f?</p>"),
        ("&lt;", "<p>&amp;lt;</p>"),
        (" \n ", ""),
    ],
)
def test_plain(source: str, written: str) -> None:
    assert render_plain_text(source) == written


@pytest.mark.parametrize(
    "source", ["a&#1;b", "a&#x1;b", "a&#xFFFE;b", "a&#x202E;b", "a&#x200B;b", "a&#x7f;b"]
)
def test_a_coded_character_is_no_way_around_what_is_refused(source: str) -> None:
    """One of them in an account, and no feed that shows the case could be written any more."""
    assert render_markdown(source) == "<p>ab</p>"
    assert render_markdown(f"[ici](https://exemple.test/{source})") == (
        f'<p><a href="https://exemple.test/ab" rel="{LINK_REL}">ici</a></p>'
    )


def test_an_accent_right_after_a_bracket_stays_apart_from_it() -> None:
    # NFC makes one letter of ">" and a long solidus; here that would end the paragraph's tag.
    assert render_markdown("&#x338;a") == "<p>\u0338a</p>"
