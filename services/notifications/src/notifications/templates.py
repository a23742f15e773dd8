"""Mails are files: ``mails/<event>.<audience>.<language>.txt``, and the file name is the subscription.

The first line is ``Subject:``, then a blank line, then the text, all Jinja; a comment at the head of the text
is its name and note for staff. Subject and text are split before
rendering, so what a buyer typed can never become a header; an undefined name is an error, never a gap.
A template sees ``event`` (what is heard), ``order`` (the order it is about, as it was placed; absent in mails
that are about no order) and ``shop``. ``notifications.html_mail`` tells how the text becomes HTML.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import jinja2
from pydantic import BaseModel

from notifications.domain.carriers import carrier_called
from notifications.html_mail import HtmlMail
from shared.events import CATALOGUE, Event, OrderPlaced
from shared.web.filters import FILTERS

FOLDER = Path(__file__).parent / "mails"
_FILE_NAME = re.compile(r"(?P<event>[a-z_]+)\.(?P<audience>[a-z]+)\.(?P<language>[a-z]{2})\.txt")
_ABOUT = re.compile(r"\A\{#\s*(?P<words>.*?)\s*#\}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_UNSAFE = re.compile(rf"{_CONTROL.pattern}|=\?")
# The same in JSON text, which writes the first 32 characters with a backslash and a letter.
_UNSAFE_IN_JSON = re.compile(r"\\[bfnrtu]|[\x7f-\x9f\u2028\u2029]|=\?")
_BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True)
class Shop:
    """Who sends: as templates greet and sign. ``url`` is the shop's address, ``contact`` a line of its own."""

    name: str
    url: str
    mail: str
    contact: str = ""


@dataclass(frozen=True)
class MailFile:
    """One mail, as its file name tells it. ``name`` (``shipped.customer``) is what rows and events call it."""

    path: Path
    event: type[Event]
    audience: str
    language: str

    @property
    def name(self) -> str:
        return f"{self.event.type.partition('.')[0]}.{self.audience}"

    @cached_property
    def parts(self) -> tuple[str, str]:
        """The sources of subject and text. Raises ValueError if the file does not begin as a mail does."""
        head, _, text = self.path.read_text("utf-8").partition("\n\n")
        if not head.startswith("Subject:") or "\n" in head:
            raise ValueError(f"{self.path.name} must begin with one line Subject: and a blank line")
        return head.removeprefix("Subject:").strip(), text

    @property
    def title(self) -> str:
        """What staff call the mail: the first sentence of the comment that begins its text."""
        return self._about.partition("。")[0] or self.name

    @property
    def note(self) -> str:
        """When it goes out, for staff: the rest of that comment."""
        return self._about.partition("。")[2]

    @property
    def _about(self) -> str:
        found = _ABOUT.match(self.parts[1])
        return found["words"] if found else ""

    @property
    def about_an_order(self) -> bool:
        """Whether the event is one of an order, whose orderer OrderPlaced has told; else it brings ``email``."""
        field = self.event.model_fields.get("order_code")
        return field is not None and field.is_required()


def find_mails(folder: Path = FOLDER) -> list[MailFile]:
    """Return every mail in ``folder``. Raises ValueError for a file whose name names no event we know."""
    found = []
    for path in sorted(folder.glob("[!_]*.txt")):
        match = _FILE_NAME.fullmatch(path.name)
        kinds = [kind for kind in CATALOGUE.values() if match and kind.type.split(".")[0] == match["event"]]
        if match is None or not kinds:
            raise ValueError(f"{path.name} is not <event>.<audience>.<language>.txt of an event we know")
        newest = max(kinds, key=lambda kind: kind.version)
        file = MailFile(path, newest, match["audience"], match["language"])
        if not file.about_an_order and "email" not in newest.model_fields:
            raise ValueError(f"{path.name}: {newest.__name__} names neither an order nor an address")
        found.append(file)
    return found


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail's words; its HTML follows from ``text``."""

    subject: str
    text: str


class Mails:
    """All mails of the shop, ready to be rendered."""

    def __init__(self, shop: Shop, folder: Path = FOLDER) -> None:
        self.shop = shop
        self.files = {file.name: file for file in find_mails(folder)}
        self._env = jinja2.Environment(
            loader=jinja2.FileSystemLoader([folder, FOLDER]),
            undefined=jinja2.StrictUndefined,
            autoescape=False,  # noqa: S701 - plain text; the HTML is made from it, escaped
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
        )
        self._env.filters.update(FILTERS)
        self._env.filters.update(carrier=carrier_called)
        self._env.globals["shop"] = shop
        self._templates = {
            name: tuple(self._env.from_string(part) for part in file.parts)
            for name, file in self.files.items()
        }
        self._html = HtmlMail(shop.name, folder)

    def __getitem__(self, name: str) -> MailFile:
        """Return the mail called ``name``. Raises KeyError if there is none."""
        return self.files[name]

    def render(self, file: MailFile, event: Event, order: OrderPlaced | None = None) -> Rendered:
        """Return the words of ``file`` for ``event``. Raises jinja2.UndefinedError for a name it lacks."""
        known = {"event": in_one_line(event)}
        if order is not None:
            known["order"] = known["event"] if order is event else in_one_line(order)
        subject, text = (template.render(known) for template in self._templates[file.name])
        return Rendered(in_one_line(subject).strip(), _BLANK_LINES.sub("\n\n", text).strip() + "\n")

    def html(self, subject: str, text: str) -> str:
        """Return the HTML that goes beside ``text``."""
        return self._html.render(subject, text)


def in_one_line(value: Any) -> Any:
    """Return ``value``, and all text in it, without anything that could start a line or a header.

    ``=?`` opens an encoded word (RFC 2047): a name that holds one could add headers (CVE-2024-6923). What is
    clean already, as almost everything is, comes back as it is and not as a copy.
    """
    if isinstance(value, BaseModel) and not _UNSAFE_IN_JSON.search(value.model_dump_json()):
        return value
    match value:
        case str():
            return _CONTROL.sub(" ", value).replace("=?", "＝？") if _UNSAFE.search(value) else value
        case BaseModel():
            cleaned = ((name, part, in_one_line(part)) for name, part in value)
            changed = {name: clean for name, part, clean in cleaned if clean is not part}
            return value.model_copy(update=changed) if changed else value
        case tuple():
            parts = tuple(in_one_line(part) for part in value)
            return (
                parts if any(clean is not part for clean, part in zip(parts, value, strict=True)) else value
            )
        case dict():
            return {in_one_line(name): in_one_line(part) for name, part in value.items()} if value else value
        case _:
            return value
