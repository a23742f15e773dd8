"""Mails are files: ``mails/<name>.<audience>.<language>.txt``. The file is the subscription.

The head is a line ``Subject:`` and, where the mail is not simply called for by each event that its name names, one
line for each of these:

    Hears: OrderPlaced, PaymentAuthorized    the events that call for it, in place of the one that its name names
    When: <expression>                       only for those events of which this holds
    Once: order                              at most once for each order
    Waits: <expression>                      the delay that staff set counts only where this holds
    Until: OrderCancelled                    not any more once the order was cancelled
    Lane: account                            paced apart from the mails about orders
    Title: <text>                            what staff call it, where one name does not fit all

Expressions are Jinja and know ``heard`` (the name of the event's class), ``event`` and ``order``. Then comes a blank
line and the text. A comment at the head of the text is its name and note for staff.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from notifications.domain.pacing import LANES, Lane
from shared.events import CATALOGUE, Event

FOLDER = Path(__file__).parent / "mails"
# Whom a mail of each audience is for, and in which languages we write: nothing else has an address or a reader.
AUDIENCES = ("customer",)
LANGUAGES = ("ja",)

_FILE_NAME = re.compile(r"(?P<name>[a-z_]+)\.(?P<audience>[a-z]+)\.(?P<language>[a-z]{2})\.txt")
_ABOUT = re.compile(r"\A\{#\s*(?P<words>.*?)\s*#\}")
# Of each line of the head the values that it may have; None: any.
_HEAD: Mapping[str, tuple[str, ...] | None] = {
    "Subject": None,
    "Hears": None,
    "When": None,
    "Once": ("order",),
    "Waits": None,
    "Until": ("OrderCancelled",),
    "Lane": LANES,
    "Title": None,
}


@dataclass(frozen=True)
class MailFile:
    """One mail, as its file tells it. ``name`` (``shipped.customer``) is what rows and events call it."""

    path: Path
    name: str
    audience: str
    language: str
    head: Mapping[str, str]
    events: tuple[type[Event], ...]
    text: str

    @property
    def event(self) -> type[Event]:
        """The first of the events that call for it: of this one the preview is."""
        return self.events[0]

    @property
    def title(self) -> str:
        """What staff call the mail: the first sentence of the comment that begins its text."""
        return self._about.partition("。")[0] or self.name

    @property
    def note(self) -> str:
        """When it goes out, for staff: the rest of that comment."""
        return self._about.partition("。")[2]

    @cached_property
    def _about(self) -> str:
        found = _ABOUT.match(self.text)
        return found["words"] if found else ""

    @property
    def about_an_order(self) -> bool:
        """Whether all its events are of an order, whose orderer OrderPlaced has told; else they bring ``email``."""
        return all(_names_an_order(event) for event in self.events)

    @property
    def once_per_order(self) -> bool:
        """Whether an order gets it once, whatever calls for it."""
        return "Once" in self.head

    @property
    def until_cancelled(self) -> bool:
        """Whether it would tell something untrue once its order was cancelled."""
        return "Until" in self.head

    @property
    def may_wait(self) -> bool:
        """Whether staff may set a delay."""
        return "Waits" in self.head

    @property
    def lane(self) -> Lane:
        """With which mails to the same address it is counted."""
        return "account" if self.head.get("Lane") == "account" else "order"


def find_mails(folder: Path = FOLDER) -> list[MailFile]:
    """Return every mail in ``folder``. Raises ValueError for a file that does not begin as a mail does."""
    return [_read(path) for path in sorted(folder.glob("[!_]*.txt"))]


def _read(path: Path) -> MailFile:
    match = _FILE_NAME.fullmatch(path.name)
    if match is None:
        raise ValueError(f"{path.name} is not <name>.<audience>.<language>.txt")
    if match["audience"] not in AUDIENCES or match["language"] not in LANGUAGES:
        raise ValueError(f"{path.name}: we write to {AUDIENCES} in {LANGUAGES} only")
    head, text = _parts(path)
    file = MailFile(
        path=path,
        name=f"{match['name']}.{match['audience']}",
        audience=match["audience"],
        language=match["language"],
        head=head,
        events=_events(path, head, match["name"]),
        text=text,
    )
    if not file.about_an_order and not all("email" in event.model_fields for event in file.events):
        raise ValueError(f"{path.name}: its events name neither an order nor an address")
    if (file.once_per_order or file.until_cancelled) and not file.about_an_order:
        raise ValueError(f"{path.name} is about no order")
    return file


def _parts(path: Path) -> tuple[dict[str, str], str]:
    head, _, text = path.read_text("utf-8").partition("\n\n")
    lines = [line.partition(":") for line in head.split("\n")]
    found = {name: value.strip() for name, _, value in lines}
    if not lines or lines[0][0] != "Subject" or len(found) != len(lines):
        raise ValueError(f"{path.name} must begin with one line Subject: and a blank line after its head")
    for name, value in found.items():
        values = _HEAD.get(name, ())
        if not value or (values is not None and value not in values):
            raise ValueError(f"{path.name}: {name}: {value} is no line of a mail's head")
    return found, text


def _events(path: Path, head: Mapping[str, str], name: str) -> tuple[type[Event], ...]:
    """Return what calls for the mail: the newest version of each event that is named."""
    by_class: dict[str, type[Event]] = {}
    for kind in sorted(CATALOGUE.values(), key=lambda kind: kind.version):
        by_class[kind.__name__] = kind
        by_class[kind.type.partition(".")[0]] = kind
    names = [one.strip() for one in head["Hears"].split(",")] if "Hears" in head else [name]
    unknown = [one for one in names if one not in by_class]
    if unknown:
        raise ValueError(f"{path.name} hears {unknown}, which is no event we know")
    return tuple(by_class[one] for one in names)


def _names_an_order(event: type[Event]) -> bool:
    field = event.model_fields.get("order_code")
    return field is not None and field.is_required()
