"""Converts the Markdown of staff to HTML. It contains no HTML of the writer, no image, and no script."""

import re
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup

# An address of this shop, a place on the page, or one of these schemes. Browsers read "//" and "/\" as another host.
_ALLOWED_LINK = re.compile(r"(?:https?://|mailto:|tel:|#|/(?![/\\]))", re.IGNORECASE)
_LEVEL_MAX = 6


def _markdown() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table").disable("image")
    made.validateLink = lambda url: _ALLOWED_LINK.match(url) is not None  # type: ignore[method-assign]
    made.core.ruler.push("headings_below_title", _lower_headings)
    return made


def _lower_headings(state: Any) -> None:
    """Move headings one level down: the page has its title as the only first one."""
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1:]) + 1, _LEVEL_MAX)}"


_MARKDOWN = _markdown()


def to_html(text: str) -> Markup:
    """Return the HTML of ``text``."""
    return Markup(_MARKDOWN.render(text))  # noqa: S704 - escaped by the library
