"""Events that notifications publishes."""

from typing import ClassVar, Literal
from uuid import UUID

from shared.events._desk import DeskEvent
from shared.events._event import Event
from shared.events._open import Open

SuppressionReason = Literal[
    "method_without_deposit_mail",
    "switched_off",
    "sent_by_software",
    "no_address",
    "order_cancelled",
    "link_expired",
    "too_many_to_recipient",
    "replaced",
    "refused_by_server",
    "not_accepted_in_time",
]


class NotificationsEvent(Event):
    """Only notifications may publish these. ``mail`` is the name of the mail, ``subject`` its subject line.

    ``needed_to_pay``: without this mail the buyer may not know how to pay for the order.
    """

    producer: ClassVar[str] = "notifications"
    mail_id: UUID
    mail: str
    order_code: str | None = None
    member_id: UUID | None = None
    needed_to_pay: bool = False


class MailSent(NotificationsEvent):
    """The mail server accepted the mail."""

    subject: str


class MailSuppressed(NotificationsEvent):
    """A mail about an event was not sent, with the reason (NTF-04). ``title`` is the mail's name for staff."""

    reason: Open[SuppressionReason]
    title: str = ""


class MailAddressCorrected(DeskEvent):
    """Staff corrected the mail address of an order: the former one was mistyped or accepts no mail.

    ``page_key`` opens the pages of the order and of its payment from now on, in place of the key that went to the
    former address; None for an order whose page has no key.
    """

    producer: ClassVar[str] = "notifications"
    order_code: str
    email: str
    page_key: str | None = None


class TestMailRequested(DeskEvent):
    """Staff sent a test mail; ``subject`` has the mail and the address."""

    producer: ClassVar[str] = "notifications"
    deed: ClassVar[str] = "test_mail_sent"
    # pytest would collect this class because of its name.
    __test__: ClassVar[bool] = False


class MailsResent(DeskEvent):
    """Staff sent undelivered mails again."""

    producer: ClassVar[str] = "notifications"


class MailSettingsChanged(DeskEvent):
    """Staff changed the settings of a kind of mail; ``subject`` says which, from what to what."""

    producer: ClassVar[str] = "notifications"
