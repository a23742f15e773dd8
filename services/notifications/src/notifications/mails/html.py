"""Converts a mail's text to HTML, inside ``texts/_layout.html``.

Japanese business mails have customary signs. The HTML follows them:

    ■ ご注文内容              a heading
    注文番号：N-123            lines of label and value, as a table
    ・白磁の湯呑              goods; lines below that begin with a full-width blank belong to it
    【8888】                  emphasis
    ▼ご注文内容の確認          a link: this line, then its address alone on the next
    ----                      what follows is the signature

All text is escaped. Typed text is shielded (``notifications.mails.typed``): it is never read as one of these signs, and
mail programs find no address in it. Only addresses in Noren's own templates become links.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal, Protocol

import jinja2
from markupsafe import Markup, escape

from notifications.mails.typed import Shielded, shown

_LABEL = re.compile(r"[^：。、\s][^：。、]{0,13}?[ 　]*")
_URL = re.compile(r"https?://[^\s<>\"']+")
_STRONG = re.compile(r"【([^【】]+)】")
_SIGNATURE = "\n----\n"
# A mail program looks for addresses in the text between two tags.
_SIGN_OF_ADDRESS = re.compile(r"[.。．｡:：@＠/／]")

BlockKind = Literal["heading", "facts", "goods", "link", "text"]


@dataclass(slots=True)
class Block:
    """A part of a mail: ``lines`` of text, pairs of facts, goods with their details, or one link."""

    kind: BlockKind
    lines: list[str] = field(default_factory=list)
    pairs: list[tuple[str, str]] = field(default_factory=list)
    href: str = ""


class ShownShop(Protocol):
    """The shop in the head of a mail."""

    @property
    def name(self) -> str:
        """Return its name."""

    @property
    def logo_url(self) -> str:
        """Return the address of its logo; empty without one."""


class HtmlMail:
    """Puts texts into the layout of the shop."""

    def __init__(self, folder: Path) -> None:
        env = jinja2.Environment(
            loader=jinja2.FileSystemLoader([folder, Path(__file__).parent / "texts"]),
            undefined=jinja2.StrictUndefined,
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        env.filters.update(inline=inline, inline_lines=inline_lines)
        self._layout = env.get_template("_layout.html")

    def render(self, shop: "ShownShop", subject: str, text: Shielded, language: str) -> str:
        """Return the whole HTML document of ``shop`` for ``text``, which is in ``language``."""
        body, signature = body_and_signature(text)
        return self._layout.render(
            subject=subject,
            language=language,
            shop_name=shop.name,
            logo_url=shop.logo_url,
            blocks=list(blocks(body)),
            signature=signature.strip().splitlines(),
        )


def body_and_signature(text: Shielded) -> tuple[Shielded, str]:
    """Return the body of a mail and its signature."""
    body, _, signature = text.partition(_SIGNATURE)
    return Shielded(body), signature


def blocks(text: Shielded) -> Iterator[Block]:
    """Split a text into its blocks. Blank lines separate them; each kind of line starts a new one."""
    for paragraph in re.split(r"\n{2,}", text.strip()):
        block: Block | None = None
        lines = paragraph.split("\n")
        while lines:
            line = lines.pop(0)
            if line.startswith("▼") and lines and _URL.fullmatch(lines[0]):
                if block:
                    yield block
                block = Block("link", [line.removeprefix("▼").strip()], href=lines.pop(0))
                continue
            kind = _kind(line, block)
            if block is None or block.kind != kind or kind == "heading":
                if block:
                    yield block
                block = Block(kind)
            _add(block, line)
        if block:
            yield block


def _kind(line: str, before: Block | None) -> BlockKind:
    if line.startswith("■"):
        return "heading"
    if line.startswith("・") or (line.startswith("　") and before is not None and before.kind == "goods"):
        return "goods"
    label, colon, _ = line.partition("：")
    return "facts" if colon and _LABEL.fullmatch(label) and "://" not in label else "text"


def _add(block: Block, line: str) -> None:
    match block.kind:
        case "heading":
            block.lines.append(line.removeprefix("■").strip())
        case "facts":
            label, _, value = line.partition("：")
            block.pairs.append((label.strip(), value.strip()))
        case "goods" if line.startswith("・"):
            block.pairs.append((line.removeprefix("・"), ""))
        case "goods":
            name, said = block.pairs[-1]
            block.pairs[-1] = (name, f"{said}\n{line.strip()}".strip())
        case _:
            block.lines.append(line)


@lru_cache(maxsize=2048)
def inline(line: str) -> Markup:
    """Escape a line and make 【…】 strong, in the shop's colour. The style is inline, as mail programs require."""
    return _marked(line, r'<strong class="link" style="color:#1f3a5f;font-size:1.1em">\1</strong>')


def inline_lines(lines: Sequence[str]) -> Markup:
    """Return the lines, each converted by :func:`inline`, separated by line breaks."""
    return Markup("<br>".join(map(inline, lines)))  # noqa: S704 - escaped each


def inline_on_page(line: str) -> Markup:
    """Convert a line for the shop's own pages, whose style sheet formats strong text."""
    return _marked(line, r"<strong>\1</strong>")


def _marked(line: str, strong: str) -> Markup:
    escaped = str(escape(line))
    return Markup(shown(_STRONG.sub(strong, escaped), _unlinked))  # noqa: S704 - escaped first, typed parts below


def _unlinked(typed: str) -> str:
    return _SIGN_OF_ADDRESS.sub(r"<span>\g<0></span>", str(escape(typed)))
