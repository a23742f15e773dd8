"""Mails are files: ``texts/<name>.<audience>.<language>.txt``. Adding a file subscribes to its events.

The head has a line ``Subject:``. By default each event in the file name calls for the mail. These optional lines change
that:

    Hears: OrderPlaced, PaymentAuthorized    the events that call for it, in place of the one in its name
    When: <expression>                       only for events for which this is true
    Once: order                              at most once for each order
    Waits: <expression>                      the delay that staff set applies only if this is true
    Delay: 10                                the minutes of that delay until staff set others
    Until: OrderCancelled                    not after the order was cancelled
    Retold: CancellationMoneyChanged         rendered again before sending if that event changed its facts
    Needed: payment                          the buyer needs it to pay: staff are called if it does not arrive
    After: order_cancelled                   not before a waiting mail of that kind about the same order
    Replaces: earlier                        an earlier mail about the same order that was not sent is dropped
    Methods: deposit_mail                    not for a payment method without deposit mail, or that staff except
    Lane: sign_up                            the group for the limit of mails: caused by any sign-up;
                                             account: for logging in; warning: no limit
    Title: <text>                            the name for staff, where one name does not suit all

Expressions are Jinja and know ``heard`` (the class name of the event), ``event`` and ``order``. A blank line separates
the head from the text. A comment at the start of the text contains its name and note for staff.

The audience decides who gets the mail (audience.py). The Japanese file defines the kind of mail. Another language adds
a file with only ``Subject:`` and a text. The shop writes in each language that has a ``_signature.<language>.txt``.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from notifications.mails.audience import AUDIENCES, JAPANESE, Audience, Lane
from shared.events import CATALOGUE, Event

FOLDER = Path(__file__).parent / "texts"
DELAY_MINUTES_MAX = 1440

_FILE_NAME = re.compile(r"(?P<name>[a-z_]+)\.(?P<audience>[a-z]+)\.(?P<language>[a-z]{2})\.txt")
_ABOUT = re.compile(r"\A\{#\s*(?P<words>.*?)\s*#\}")
# The form of the value of each header line.
_HEAD: Mapping[str, str] = {
    "Subject": ".+",
    "Hears": ".+",
    "When": ".+",
    "Once": "order",
    "Waits": ".+",
    "Delay": "[0-9]{1,4}",
    "Until": "OrderCancelled",
    "Retold": "CancellationMoneyChanged",
    "Needed": "payment",
    "After": "[a-z_]+",
    "Replaces": "earlier",
    "Methods": "deposit_mail",
    "Lane": "order|sign_up|account|warning",
    "Title": ".+",
}


@dataclass(frozen=True)
class MailFile:
    """One file: the text of a mail in one language. ``name`` is that of its kind (``shipped.customer``)."""

    path: Path
    name: str
    audience: Audience
    language: str
    head: Mapping[str, str]
    text: str

    @property
    def subject(self) -> str:
        """Return the template of the subject line."""
        return self.head["Subject"]


@dataclass(frozen=True)
class MailKind:
    """One kind of mail in all its languages: one queue, one setting. Its Japanese file defines it."""

    files: Mapping[str, MailFile]
    events: tuple[type[Event], ...]

    @property
    def _japanese(self) -> MailFile:
        return self.files[JAPANESE]

    @property
    def name(self) -> str:
        """Return the name in rows and events: ``shipped.customer``."""
        return self._japanese.name

    @property
    def audience(self) -> Audience:
        """Return the audience of the mail."""
        return self._japanese.audience

    @property
    def head(self) -> Mapping[str, str]:
        """Return the lines of the head, which decide when it is sent."""
        return self._japanese.head

    def in_language(self, language: str) -> MailFile:
        """Return its file in ``language``. Return the Japanese file if there is none."""
        return self.files.get(language) or self._japanese

    @property
    def event(self) -> type[Event]:
        """Return the first of the events that call for it. The preview uses it."""
        return self.events[0]

    @property
    def title(self) -> str:
        """Return the name of the mail for staff: the first sentence of the comment that begins its text."""
        return self._about.partition("。")[0] or self.name

    @property
    def note(self) -> str:
        """Return the note for staff about when the mail is sent: the rest of that comment."""
        return self._about.partition("。")[2]

    @cached_property
    def _about(self) -> str:
        found = _ABOUT.match(self._japanese.text)
        return found["words"] if found else ""

    @cached_property
    def about_an_order(self) -> bool:
        """Return whether all its events are about an order.

        The orderer of an order is in OrderPlaced. Other events contain ``email``.
        """
        return all(_requires(event, "order_code") for event in self.events)

    @property
    def once_per_order(self) -> bool:
        """Return whether an order gets it only once, even if several events call for it."""
        return "Once" in self.head

    @property
    def until_cancelled(self) -> bool:
        """Return whether its text would be untrue after its order was cancelled."""
        return "Until" in self.head

    @property
    def retold(self) -> bool:
        """Return whether it is rendered again before sending if its facts have changed."""
        return "Retold" in self.head

    @property
    def needed_to_pay(self) -> bool:
        """Return whether the buyer may not know how to pay without it."""
        return "Needed" in self.head

    @property
    def after(self) -> str:
        """Return the kind of mail about the same order that must be sent first, or ''."""
        return f"{self.head['After']}.{self.audience.code}" if "After" in self.head else ""

    @property
    def may_wait(self) -> bool:
        """Return whether staff may set a delay."""
        return "Waits" in self.head

    @property
    def replaces_earlier(self) -> bool:
        """Return whether an unsent mail is dropped when a later one of this kind about the same order exists."""
        return "Replaces" in self.head

    @property
    def by_method(self) -> bool:
        """Return whether some payment methods lack this mail. Staff may except more of them."""
        return "Methods" in self.head

    @property
    def delay_minutes(self) -> int:
        """Return its default delay in minutes."""
        return int(self.head.get("Delay", "0"))

    @property
    def lane(self) -> Lane:
        """Return the group of mails to the same address that share its limit."""
        if not self.audience.told_by_events:
            return "desk"
        named: dict[str, Lane] = {"sign_up": "sign_up", "account": "account", "warning": "warning"}
        return named.get(self.head.get("Lane", ""), "order")


def find_mails(folder: Path = FOLDER) -> list[MailKind]:
    """Return every kind of mail in ``folder``. Raises ValueError for a file that could not be sent correctly."""
    kinds: dict[str, dict[str, MailFile]] = {}
    for path in sorted(folder.glob("[!_]*.txt")):
        file = _read(path)
        kinds.setdefault(file.name, {})[file.language] = file
    return [_kind(files) for files in kinds.values()]


def _read(path: Path) -> MailFile:
    match = _FILE_NAME.fullmatch(path.name)
    if match is None:
        raise ValueError(f"{path.name} is not <name>.<audience>.<language>.txt")
    audience, language = AUDIENCES.get(match["audience"]), match["language"]
    if audience is None:
        raise ValueError(f"{path.name}: we write to {', '.join(AUDIENCES)} only")
    if not any((folder / f"_signature.{language}.txt").is_file() for folder in (path.parent, FOLDER)):
        raise ValueError(f"{path.name}: there is no _signature.{language}.txt, so we do not write in it")
    if language != JAPANESE and not audience.told_by_events:
        raise ValueError(f"{path.name}: mails to {audience.code} are written in Japanese")
    head, text = _parts(path)
    return MailFile(path, f"{match['name']}.{audience.code}", audience, language, head, text)


def _kind(files: Mapping[str, MailFile]) -> MailKind:
    if JAPANESE not in files:
        raise ValueError(f"{next(iter(files.values())).path.name}: there is no Japanese file of this mail")
    for file in files.values():
        if file.language != JAPANESE and file.head.keys() != {"Subject"}:
            raise ValueError(
                f"{file.path.name}: its head is Subject: alone; the Japanese file tells the rest"
            )
    kind = MailKind(files, _events(files[JAPANESE]))
    if fault := _fault_of(kind):
        raise ValueError(f"{files[JAPANESE].path.name}: {fault}")
    return kind


def _fault_of(kind: MailKind) -> str:
    """Return why a mail of this kind could not be sent correctly. Return '' if it can."""
    if kind.audience.told_by_events and not (kind.about_an_order or _all_have(kind.events, "email")):
        return "its events name neither an order nor an address"
    of_orders = (
        kind.once_per_order
        or kind.until_cancelled
        or kind.needed_to_pay
        or kind.after
        or kind.replaces_earlier
    )
    if of_orders and not kind.about_an_order:
        return "it is about no order"
    if kind.by_method and not _all_have(kind.events, "payment_kind", "deposit_mail"):
        return "its events do not tell whether their payment method has a deposit mail"
    if "Delay" in kind.head and not kind.may_wait:
        return "Delay: counts only with Waits:"
    if kind.delay_minutes > DELAY_MINUTES_MAX:
        return f"Delay: is {DELAY_MINUTES_MAX} minutes at most"
    return ""


def _parts(path: Path) -> tuple[dict[str, str], str]:
    head, _, text = path.read_text("utf-8").partition("\n\n")
    lines = [line.partition(":") for line in head.split("\n")]
    found = {name: value.strip() for name, _, value in lines}
    if not lines or lines[0][0] != "Subject" or len(found) != len(lines):
        raise ValueError(f"{path.name} must begin with one line Subject: and a blank line after its head")
    for name, value in found.items():
        if not re.fullmatch(_HEAD.get(name, ""), value):
            raise ValueError(f"{path.name}: {name}: {value} is no line of a mail's head")
    return found, text


def _events(file: MailFile) -> tuple[type[Event], ...]:
    """Return the events that call for the mail: the newest version of each named event."""
    by_class: dict[str, type[Event]] = {}
    for kind in sorted(CATALOGUE.values(), key=lambda kind: kind.version):
        by_class[kind.__name__] = kind
        by_class[kind.type.partition(".")[0]] = kind
    own = file.name.partition(".")[0]
    names = [one.strip() for one in file.head["Hears"].split(",")] if "Hears" in file.head else [own]
    unknown = [one for one in names if one not in by_class]
    if unknown:
        raise ValueError(f"{file.path.name} hears {unknown}, which is no event we know")
    return tuple(by_class[one] for one in names)


def _requires(event: type[Event], name: str) -> bool:
    field = event.model_fields.get(name)
    return field is not None and field.is_required()


def _all_have(events: Sequence[type[Event]], *names: str) -> bool:
    return all(name in event.model_fields for event in events for name in names)
