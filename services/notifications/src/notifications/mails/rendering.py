"""The words of mails: their files, rendered.

Subject and text are split before rendering, so what a buyer typed can never become a header; an undefined name is
an error, never a gap. A template sees ``heard`` (the name of the event's class), ``event`` (what is heard), ``order``
(the order it is about, as it was placed; absent in mails that are about no order), ``shop`` and ``one_time_link``,
which stands alone on its line. ``notifications.mails.html`` tells how the text becomes HTML.
"""

import re
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
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
from shared.web.filters import FILTERS

# What is kept and shown in place of a one-time link, which stands in the message that leaves and nowhere else.
LINK_HIDDEN = "（リンクは表示されません）"

_BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True)
class Shop:
    """Who sends: as templates greet and sign. ``url`` is the shop's address.

    ``mail`` is what mails come from, ``contact`` where questions are answered; empty where answers to mails are read.
    ``desk_mail`` is where mails to the shop itself go; empty: where mails come from.
    """

    name: str
    url: str
    mail: str
    contact: str = ""
    desk_mail: str = ""

    @property
    def desk_address(self) -> str:
        """Where mails to the shop itself go."""
        return self.desk_mail or self.mail


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail's words, in one language; its HTML follows from ``text``. ``title`` is what staff call it.

    ``typed`` is where in the text stands what people typed, which is never read as a sign of our format.
    """

    subject: str
    text: str
    title: str
    language: str = JAPANESE
    typed: tuple[Span, ...] = ()

    @property
    def shielded(self) -> Shielded:
        """The text, ready to become HTML."""
        return shield(self.text, self.typed)


@dataclass(frozen=True, slots=True)
class _Condition:
    """An expression in the head of a mail, and whether it asks about the order."""

    holds: Callable[..., Any]
    asks_about_order: bool


class MailEnvironment(jinja2.Environment):
    """An environment whose templates have plain dicts of globals.

    Each rendering, import and expression copies them, and Jinja's own maps of maps are copied name by name.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return the globals of a template: those of the environment, and its own."""
        return {**self.globals, **(d or {})}


class Mails:
    """All mails of the shop, ready to be rendered."""

    def __init__(self, shop: Shop, folder: Path = FOLDER) -> None:
        self.shop = shop
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
        self._env.filters.update(carrier=carrier_called)
        self._env.globals["shop"] = shop
        self._words = {
            (kind.name, file.language): self._compiled(file)
            for kind in self.kinds.values()
            for file in kind.files.values()
        }
        heads = {name: kind.head for name, kind in self.kinds.items()}
        self._titles = {
            name: self._env.from_string(head["Title"]) for name, head in heads.items() if "Title" in head
        }
        self._when = {name: self._condition(head.get("When")) for name, head in heads.items()}
        self._waits = {name: self._condition(head.get("Waits")) for name, head in heads.items()}
        self._html = HtmlMail(shop.name, folder)

    def __getitem__(self, name: str) -> MailKind:
        """Return the kind of mail called ``name``. Raises KeyError if there is none."""
        return self.kinds[name]

    def asks_about_order(self, kind: MailKind) -> bool:
        """Tell whether it takes the order to know if a mail of ``kind`` is called for."""
        condition = self._when[kind.name]
        return condition is not None and condition.asks_about_order

    def is_called_for(self, kind: MailKind, event: Event, order: OrderPlaced | None = None) -> bool:
        """Tell whether ``event`` calls for a mail of ``kind``."""
        condition = self._when[kind.name]
        return condition is None or bool(condition.holds(_known(event, order)))

    def may_wait(self, kind: MailKind, event: Event, order: OrderPlaced | None = None) -> bool:
        """Tell whether the delay that staff set counts for this mail."""
        condition = self._waits[kind.name]
        return condition is not None and bool(condition.holds(_known(event, order)))

    def address_of(self, kind: MailKind, event: Event, order: OrderPlaced | None = None) -> str:
        """Return where a mail of ``kind`` for ``event`` goes, as it was typed."""
        return kind.audience.address(event, order, desk_address=self.shop.desk_address)

    def render(self, kind: MailKind, event: Event, order: OrderPlaced | None = None) -> Rendered:
        """Return the words of ``kind`` for ``event``, in the language of whom it is for.

        ``order`` is the event itself, or one that was kept in one line (:func:`in_one_line`).
        Raises jinja2.UndefinedError for a name it lacks.
        """
        clean = fenced(in_one_line(event))
        known = _known(clean, clean if order is event else fenced(order))
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
        """Return the HTML that goes beside ``text``, which is in ``language``."""
        return self._html.render(subject, text, language)

    def _title(self, kind: MailKind, known: dict[str, Any]) -> str:
        template = self._titles.get(kind.name)
        return (template.render(known).strip() if template else "") or kind.title

    def _compiled(self, file: MailFile) -> tuple[jinja2.Template, jinja2.Template]:
        """Return subject and text. Raises ValueError for a part that is not there, before anything is sent."""
        for part in jinja2.meta.find_referenced_templates(self._env.parse(file.text)):
            if part is not None and part not in self._env.list_templates():
                raise ValueError(f"{file.path.name} includes {part}, which is not there")
        return self._env.from_string(file.subject), self._env.from_string(file.text)

    def _condition(self, text: str | None) -> _Condition | None:
        if text is None:
            return None
        names = jinja2.meta.find_undeclared_variables(self._env.parse(f"{{{{ {text} }}}}"))
        holds = self._env.compile_expression(text, undefined_to_none=False)
        return _Condition(holds, "order" in names)


def _known(event: Event, order: OrderPlaced | None) -> dict[str, Any]:
    known = {"event": event, "heard": type(event).__name__, "one_time_link": LINK_HIDDEN}
    return known if order is None else {**known, "order": order}


def with_link(text: Shielded, link: str) -> Shielded:
    """Return ``text`` with ``link`` on the line that was kept for it."""
    return Shielded("\n".join(link if line == LINK_HIDDEN else line for line in text.split("\n")))
