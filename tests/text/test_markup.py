"""Rendering of Markdown: safe HTML, French typography and bounded time."""

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


class AllowListParser(HTMLParser):
    """Parse HTML as a browser does, and fail at whatever the allow-list does not contain."""

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


def parse_tags(source: str) -> list[str]:
    reader = AllowListParser()
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
def test_an_attack_is_rendered_as_text(attack: str, render_with: Callable[[str], str]) -> None:
    for source in (attack, f"a\n\n{attack}\n\nb", f"**{attack}**", f"> - {attack}", attack * 3):
        html = render_with(source)
        parse_tags(html)
        assert "<script" not in html.lower()
        assert "<img" not in html.lower()


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
def test_any_text_is_rendered_within_the_allow_list(text: str) -> None:
    parse_tags(render_markdown(text))
    assert set(parse_tags(render_plain_text(text))) <= {"p", "br"}


@pytest.mark.parametrize(
    ("source", "html"),
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
def test_render(source: str, html: str) -> None:
    assert render_markdown(source) == html


def test_the_limit_of_length_is_in_characters() -> None:
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
        start = time.process_time()
        # A refusal is allowed; any other error fails the test.
        with suppress(TextError):
            render_markdown(source)
        assert time.process_time() - start < 2


def _repeated(pattern: str) -> str:
    return (pattern * MAX_CHARS)[:MAX_CHARS]


def _in_blocks(pattern: str) -> str:
    block = _repeated(pattern)[:1000].strip("\n")
    return "\n\n".join([block] * 49)


def _heaviest_accepted(pattern: str) -> str:
    """The longest accepted repetition of a pattern: marks x length is at most 60 million."""
    marks = len(re.findall(r"[*_`\[\]<>&!#\\\n]", pattern)) or 1
    return _repeated(pattern)[: int((59_900_000 * len(pattern) / marks) ** 0.5)]


@pytest.mark.parametrize(
    "pattern", ["[", "*", "`", "<", "&", "\\", "---\n", "> > > > > > > a", "- " * 7]
)
def test_long_repetitions_of_a_mark_are_refused(pattern: str) -> None:
    with pytest.raises(TextError) as refused:
        render_markdown(_repeated(pattern))
    assert refused.value.key == "text_hostile"


def test_deep_nesting_is_flattened_or_refused() -> None:
    steps = "\n".join(" " * 4 * depth + "- a" for depth in range(100))
    assert render_markdown(steps).count("<ul>") <= 8
    with pytest.raises(TextError):
        render_markdown("1. " * 2000)


def test_a_long_ordinary_account_is_rendered() -> None:
    paragraph = "Le **maire** dit « non » ([source](https://a.fr/b)), *selon* l'article 29. " * 6
    listing = "\n".join(f"- **{day} juin 2006** : audience n° {day}" for day in range(1, 31))
    account = "\n\n".join(["# Les faits", paragraph, listing, "> cité"] * 28)
    assert 40_000 < len(account) <= MAX_CHARS
    assert render_markdown(account).count("<h3>") == 28


def test_a_long_text_without_a_blank_line_is_rendered() -> None:
    minutes = "Le maire répond que la séance est publique et la suspend.\n" * 800
    assert render_markdown(minutes).startswith("<p>Le maire")


def test_the_version_names_the_libraries() -> None:
    assert re.fullmatch(r"markdown-[\w.]+\+nh3-[\w.]+\+\d+", VERSION)


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("un\ndeux", "<p>un<br>\ndeux</p>"),
        ("un\n\n \n\ndeux\n", "<p>un</p>\n<p>deux</p>"),
        ("**l'a** <b> & ?", "<p>**l’a** &lt;b&gt; &amp;\u202f?</p>"),
        ("&lt;", "<p>&amp;lt;</p>"),
        (" \n ", ""),
    ],
)
def test_plain(source: str, html: str) -> None:
    assert render_plain_text(source) == html


@pytest.mark.parametrize(
    "source", ["a&#1;b", "a&#x1;b", "a&#xFFFE;b", "a&#x202E;b", "a&#x200B;b", "a&#x7f;b"]
)
def test_a_character_reference_to_a_control_character_is_removed(source: str) -> None:
    """Such a character would make the feeds of the case invalid XML."""
    assert render_markdown(source) == "<p>ab</p>"
    assert render_markdown(f"[ici](https://exemple.test/{source})") == (
        f'<p><a href="https://exemple.test/ab" rel="{LINK_REL}">ici</a></p>'
    )


def test_a_combining_character_after_a_tag_is_not_composed_with_it() -> None:
    # NFC composes ">" with a combining solidus, which would break the tag of the paragraph.
    assert render_markdown("&#x338;a") == "<p>\u0338a</p>"
