"""Mails are files: ``texts/<name>.<audience>.<language>.txt``. Adding a file subscribes to its events.

The head has a line ``Subject:``. By default each event in the file name calls for the mail. Optional lines change that.
They have the names of the fields of :class:`Head`, such as ``Once-per-order: yes``.

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
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from notifications.mails.audience import AUDIENCES, JAPANESE, Audience, Lane
from shared.events import CATALOGUE, Event

FOLDER = Path(__file__).parent / "texts"
DELAY_MINUTES_MAX = 1440

_FILE_NAME = re.compile(r"(?P<name>[a-z_]+)\.(?P<audience>[a-z]+)\.(?P<language>[a-z]{2})\.txt")
_ABOUT = re.compile(r"\A\{#\s*(?P<words>.*?)\s*#\}")
Text = Annotated[str, Field(min_length=1)]


class Head(BaseModel):
    """The lines of the head of a mail. The text below a field says what its line means."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=lambda name: name.capitalize().replace("_", "-")
    )

    subject: Text
    hears: Text = ""
    """The events that call for the mail, in place of the one in its name: ``OrderPlaced, PaymentAuthorized``."""
    when: Text = ""
    """An expression. The mail is only for events for which it is true."""
    once_per_order: bool = False
    """An order gets the mail only once, even if several events call for it."""
    waits: Text = ""
    """An expression. The delay that staff set applies only if it is true."""
    delay: int = Field(0, ge=0, le=DELAY_MINUTES_MAX)
    """The delay in minutes until staff set another one."""
    until_cancelled: bool = False
    """The mail is not sent after its order was cancelled, because its text would be untrue."""
    retold: bool = False
    """The mail is rendered again before sending if CancellationMoneyChanged changed its facts."""
    needed_to_pay: bool = False
    """Staff are called if the mail does not arrive, because the buyer may not know how to pay."""
    after: Text = ""
    """The name of a mail about the same order that must be sent first: ``order_cancelled``."""
    replaces_earlier: bool = False
    """An unsent mail is dropped when a later one of this kind about the same order exists."""
    by_method: bool = False
    """The mail is not for a payment method without deposit mail, nor for one that staff except."""
    lane: Literal["order", "sign_up", "account", "warning"] = "order"
    """The group of mails that share a limit.

    ``sign_up`` mails are caused by any sign-up. ``account`` mails are for logging in. ``warning`` mails have no limit.
    """
    title: Text = ""
    """A template of the name for staff, if one name does not suit all events."""

    @property
    def may_wait(self) -> bool:
        """Return whether staff may set a delay."""
        return bool(self.waits)


@dataclass(frozen=True)
class MailFile:
    """One file: the text of a mail in one language. ``name`` is that of its kind (``shipped.customer``)."""

    path: Path
    name: str
    audience: Audience
    language: str
    head: Head
    text: str


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
    def head(self) -> Head:
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
    def after(self) -> str:
        """Return the kind of mail about the same order that must be sent first, or ''."""
        return f"{self.head.after}.{self.audience.code}" if self.head.after else ""

    @property
    def lane(self) -> Lane:
        """Return the group of mails to the same address that share its limit."""
        return self.head.lane if self.audience.told_by_events else "desk"


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
        if file.language != JAPANESE and file.head.model_fields_set != {"subject"}:
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
    head = kind.head
    of_orders = (
        head.once_per_order
        or head.until_cancelled
        or head.needed_to_pay
        or head.after
        or head.replaces_earlier
    )
    if of_orders and not kind.about_an_order:
        return "it is about no order"
    if head.by_method and not _all_have(kind.events, "payment_kind", "deposit_mail"):
        return "its events do not tell whether their payment method has a deposit mail"
    if "delay" in head.model_fields_set and not head.may_wait:
        return "Delay: counts only with Waits:"
    return ""


def _parts(path: Path) -> tuple[Head, str]:
    head, _, text = path.read_text("utf-8").partition("\n\n")
    lines = [line.partition(":") for line in head.split("\n")]
    found = {name: value.strip() for name, _, value in lines}
    if lines[0][0] != "Subject" or len(found) != len(lines):
        raise ValueError(f"{path.name} must begin with one line Subject: and a blank line after its head")
    try:
        return Head.model_validate(found), text
    except ValidationError as error:
        wrong = error.errors()[0]["loc"][0]
        raise ValueError(
            f"{path.name}: {wrong}: {found.get(str(wrong))} is no line of a mail's head"
        ) from error


def _events(file: MailFile) -> tuple[type[Event], ...]:
    """Return the events that call for the mail: the newest version of each named event."""
    by_class: dict[str, type[Event]] = {}
    for kind in sorted(CATALOGUE.values(), key=lambda kind: kind.version):
        by_class[kind.__name__] = kind
        by_class[kind.type.partition(".")[0]] = kind
    own = file.name.partition(".")[0]
    names = [one.strip() for one in (file.head.hears or own).split(",")]
    unknown = [one for one in names if one not in by_class]
    if unknown:
        raise ValueError(f"{file.path.name} hears {unknown}, which is no event we know")
    return tuple(by_class[one] for one in names)


def _requires(event: type[Event], name: str) -> bool:
    field = event.model_fields.get(name)
    return field is not None and field.is_required()


def _all_have(events: Sequence[type[Event]], *names: str) -> bool:
    return all(name in event.model_fields for event in events for name in names)
