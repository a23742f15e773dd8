"""Renders the texts of mails from their files.

Subject and text are split before rendering, so typed text can never become a header. An undefined name is an error,
never a gap. A template knows these names:

- ``heard``: the class name of the event
- ``event``: the event
- ``order``: the order of the event as it was placed; absent in mails that are not about an order
- ``shop``: the shop that sends it, as it is called now
- ``one_time_link``: the link, alone on its line

``notifications.mails.html`` converts the text to HTML.
"""

import re
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jinja2
import jinja2.meta

from notifications.mails.audience import JAPANESE
from notifications.mails.files import FOLDER, MailFile, MailKind, find_mails
from notifications.mails.html import HtmlMail
from notifications.mails.one_line import in_one_line
from notifications.mails.typed import Shielded, Span, fenced, shield, without_fences
from shared.events import Event, OrderPlaced
from shared.shop.carriers import carrier_called
from shared.shop.identity.facts import ShopIdentity
from shared.shop.identity.known import KnownShop
from shared.shop.taxes import taxes_after
from shared.web.filters import FILTERS

# The text that is stored and shown in place of a one-time link. Only the sent message contains the link.
LINK_HIDDEN = "（リンクは表示されません）"

_BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True)
class Shop:
    """The sender in greetings and signatures. ``url`` is the shop's address.

    ``mail`` is the sender's address. ``contact`` is the address for questions; it is empty if replies to mails are
    read. ``desk_mail`` receives mails to the shop; if it is empty, ``mail`` does. ``lines`` are further lines of the
    signature: address, telephone and registration number, if the shop has told them.
    """

    name: str
    url: str
    mail: str
    contact: str = ""
    desk_mail: str = ""
    logo_url: str = ""
    lines: tuple[str, ...] = ()

    def called(self, identity: ShopIdentity) -> "Shop":
        """Return the sender with the name and the facts of ``identity`` (SHO-01)."""
        contact = identity.mail or self.contact
        lines = (
            identity.address_line,
            identity.phone and f"電話番号：{identity.phone}",
            identity.registration_number and f"登録番号：{identity.registration_number}",
        )
        return replace(
            self,
            name=identity.name,
            contact="" if contact == self.mail else contact,
            logo_url=identity.logo_path and f"{self.url.rstrip('/')}{identity.logo_path}",
            lines=tuple(line for line in lines if line),
        )

    @property
    def desk_address(self) -> str:
        """Return the address that receives mails to the shop."""
        return self.desk_mail or self.mail


@dataclass(frozen=True, slots=True)
class Rendered:
    """The text of a mail in one language. Its HTML is made from ``text``. ``title`` is its name for staff.

    ``typed`` gives the positions of typed text, which is never read as a sign of the format.
    """

    subject: str
    text: str
    title: str
    language: str = JAPANESE
    typed: tuple[Span, ...] = ()

    @property
    def shielded(self) -> Shielded:
        """Return the text, ready for conversion to HTML."""
        return shield(self.text, self.typed)


@dataclass(frozen=True, slots=True)
class _Condition:
    """An expression in the head of a mail, and whether it reads the order."""

    holds: Callable[..., Any]
    asks_about_order: bool


class MailEnvironment(jinja2.Environment):
    """A Jinja environment whose templates have plain dicts of globals.

    Each rendering, import and expression copies the globals. Jinja's own chained maps are copied slowly, name by name.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return the globals of a template: those of the environment and its own."""
        return {**self.globals, **(d or {})}


class Mails:
    """All kinds of mail of the shop, ready for rendering.

    ``shop`` is the sender as operators set it. ``known_shop`` is the identity that staff gave it; without one the
    sender keeps its name.
    """

    def __init__(self, shop: Shop, folder: Path = FOLDER, *, known_shop: KnownShop | None = None) -> None:
        self.sender = shop
        self.known_shop = known_shop or KnownShop(ShopIdentity(shop.name))
        self.kinds = {kind.name: kind for kind in find_mails(folder)}
        self._env = MailEnvironment(
            loader=jinja2.FileSystemLoader([folder, FOLDER]),
            undefined=jinja2.StrictUndefined,
            autoescape=False,  # plain text; the HTML is made from it, escaped
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
        )
        self._env.filters.update(FILTERS)
        self._env.filters.update(carrier=carrier_called, taxes_after=taxes_after)
        self._words = {
            (kind.name, file.language): self._compiled(file)
            for kind in self.kinds.values()
            for file in kind.files.values()
        }
        heads = {name: kind.head for name, kind in self.kinds.items()}
        self._titles = {name: self._env.from_string(head.title) for name, head in heads.items() if head.title}
        self._when = {name: self._condition(head.when) for name, head in heads.items()}
        self._waits = {name: self._condition(head.waits) for name, head in heads.items()}
        self._html = HtmlMail(folder)

    @property
    def shop(self) -> Shop:
        """Return the sender with the present identity of the shop."""
        return self.sender.called(self.known_shop.identity)

    def __getitem__(self, name: str) -> MailKind:
        """Return the kind of mail called ``name``. Raises KeyError if there is none."""
        return self.kinds[name]

    def asks_about_order(self, kind: MailKind) -> bool:
        """Return whether the order is needed to decide if a mail of ``kind`` is called for."""
        condition = self._when[kind.name]
        return condition is not None and condition.asks_about_order

    def is_called_for(self, kind: MailKind, event: Event, order: OrderPlaced | None = None) -> bool:
        """Return whether ``event`` calls for a mail of ``kind``."""
        condition = self._when[kind.name]
        return condition is None or bool(condition.holds(_known(event, order)))

    def may_wait(self, kind: MailKind, event: Event, order: OrderPlaced | None = None) -> bool:
        """Return whether the delay that staff set applies to this mail."""
        condition = self._waits[kind.name]
        return condition is not None and bool(condition.holds(_known(event, order)))

    def address_of(self, kind: MailKind, event: Event, order: OrderPlaced | None = None) -> str:
        """Return the typed address of a mail of ``kind`` for ``event``."""
        return kind.audience.address(event, order, desk_address=self.shop.desk_address)

    def render(self, kind: MailKind, event: Event, order: OrderPlaced | None = None) -> Rendered:
        """Return the text of ``kind`` for ``event``, in the language of its recipient.

        ``order`` is the event itself, or an event stored in one line (:func:`in_one_line`). Raises
        jinja2.UndefinedError for a missing name.
        """
        clean = fenced(in_one_line(event))
        known = {**_known(clean, clean if order is event else fenced(order)), "shop": self.shop}
        language = kind.in_language(kind.audience.language(event, order)).language
        subject, text = (template.render(known) for template in self._words[kind.name, language])
        finished, typed = without_fences(_BLANK_LINES.sub("\n\n", text).strip() + "\n")
        return Rendered(
            in_one_line(without_fences(subject)[0]).strip(),
            finished,
            without_fences(self._title(kind, known))[0],
            language,
            typed,
        )

    def html(self, subject: str, text: Shielded, language: str = JAPANESE) -> str:
        """Return the HTML for ``text``, which is in ``language``."""
        return self._html.render(self.shop, subject, text, language)

    def _title(self, kind: MailKind, known: dict[str, Any]) -> str:
        template = self._titles.get(kind.name)
        return (template.render(known).strip() if template else "") or kind.title

    def _compiled(self, file: MailFile) -> tuple[jinja2.Template, jinja2.Template]:
        """Return subject and text. Raises ValueError for a missing part, before anything is sent."""
        for part in jinja2.meta.find_referenced_templates(self._env.parse(file.text)):
            if part is not None and part not in self._env.list_templates():
                raise ValueError(f"{file.path.name} includes {part}, which is not there")
        return self._env.from_string(file.head.subject), self._env.from_string(file.text)

    def _condition(self, text: str) -> _Condition | None:
        if not text:
            return None
        names = jinja2.meta.find_undeclared_variables(self._env.parse(f"{{{{ {text} }}}}"))
        holds = self._env.compile_expression(text, undefined_to_none=False)
        return _Condition(holds, "order" in names)


def _known(event: Event, order: OrderPlaced | None) -> dict[str, Any]:
    known = {"event": event, "heard": type(event).__name__, "one_time_link": LINK_HIDDEN}
    return known if order is None else {**known, "order": order}


def with_link(text: Shielded, link: str) -> Shielded:
    """Return ``text`` with ``link`` on its reserved line."""
    return Shielded("\n".join(link if line == LINK_HIDDEN else line for line in text.split("\n")))
