"""From the Markdown of an editorial page to its HTML, and what a page leaves to be filled in.

Beside what any text of the desk may hold, a page has links within the site, headings that one can
link to (``## Filmer {#filmer}``), and markers: ``{contact_email}`` for a setting, within a
sentence, and ``{types}``, alone in its paragraph, for the definitions of a vocabulary.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Mapping

from register.config import LEGAL
from register.errors import Invalid
from register.text import markup
from register.text.dates import Language

# Definitions that a page may ask for, by their markers.
DEFINITIONS = ("types", "preuves", "issues", "sens", "refus", "retraits")

# The renderer lets no address without a scheme through, because in a submitted text it could
# lead anywhere. These pages are ours: their own addresses pass under names that no one can own
# (RFC 2606 §2) and are given back afterwards.
_OWN = "https://own.invalid/"
_HERE = "https://here.invalid/"
_REL = f' rel="{re.escape(markup.REL)}"'
# "//elsewhere" would be another site's, and so would "/\\elsewhere" be to a browser.
_OWN_LINK = re.compile(rf'href="{re.escape(_OWN)}(?![/\\])([^"]*)"{_REL}')
_HERE_LINK = re.compile(rf'href="{re.escape(_HERE)}(#[^"]*)"{_REL}')
# What was no link, in an example within a sentence, is shown as it was written.
_NO_LINK = re.compile(rf'(?<!href=")(?:{re.escape(_OWN)}|{re.escape(_HERE)}(?=#))')
_MARKER = re.compile(r"\{([a-z_]+)\}")
_ALONE = re.compile(rf"<p>\{{({'|'.join(DEFINITIONS)})\}}</p>")
# The renderer leaves h1 and h2 to the page that shows a text; here the text is the page.
_RAISED = (("h3>", "h2>"), ("h4>", "h3>"), ("h5>", "h4>"))
_ANCHORED = re.compile(r"<(h[234])>([^\n]*?)\s*\{#([a-z0-9-]{1,40})\}</\1>")


def rendered(text: str, language: Language = "fr") -> str:
    """The HTML of a page's text, its markers still to be filled.

    :raises TextError: too long, or made to hold the renderer up.
    :raises Invalid: ``page_marker`` (a marker that nothing fills, or definitions in the middle of
        a sentence) or ``page_anchor`` (two headings with one name), each with ``words``.
    """
    told = markup.render(text.replace("](/", f"]({_OWN}").replace("](#", f"]({_HERE}#"), language)
    for lower, higher in _RAISED:
        told = told.replace(lower, higher)
    told = _OWN_LINK.sub(r'href="/\1"', told)
    told = _HERE_LINK.sub(r'href="\1"', told)
    told = _NO_LINK.sub(lambda match: "/" if match[0] == _OWN else "", told)
    _require_markers(told)
    _require_anchors(told)
    return _ANCHORED.sub(r'<\1 id="\3">\2</\1>', told)


def filled(
    told: str, values: Mapping[str, str], missing: str, definitions: Callable[[str], str]
) -> str:
    """The HTML of a page with its markers filled.

    :param values: plain texts by the names of settings; they are escaped.
    :param missing: what stands for an empty value.
    :param definitions: safe HTML for one of :data:`DEFINITIONS`.
    """

    def value(match: re.Match[str]) -> str:
        return html.escape(values[match.group(1)] or missing)

    # What is typed into a setting, or written in a definition, is never taken for a marker.
    pieces = _ALONE.split(told)
    pieces[::2] = [_MARKER.sub(value, piece) for piece in pieces[::2]]
    pieces[1::2] = [definitions(name) for name in pieces[1::2]]
    return "".join(pieces)


def _require_markers(told: str) -> None:
    for name in _MARKER.findall(_ALONE.sub("", told)):
        if name not in LEGAL:
            raise Invalid("page_marker", words=f"{{{name}}}")


def _require_anchors(told: str) -> None:
    for name, times in Counter(match[2] for match in _ANCHORED.findall(told)).items():
        if times > 1:
            raise Invalid("page_anchor", words=f"{{#{name}}}")
