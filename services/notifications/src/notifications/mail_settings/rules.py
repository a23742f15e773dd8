"""Whether an event's mail goes out, and when: the shop's settings against what the event asks for."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, Protocol

from notifications.mail_settings.labels import SENDER_HINTS, SENDERS, MailSentBy
from notifications.mails.files import DELAY_MINUTES_MAX, MailKind
from shared.shop.settings.group import Group, setting
from shared.shop.settings.subjects import Subject
from shared.web.fields import Line, Pieces

SuppressionReason = Literal["method_without_deposit_mail", "switched_off", "sent_by_software", "no_address"]

METHODS_MAX = 50


class MailSetting(Group, key="mail", about="メール"):
    """What staff set for one kind of mail (メール設定一覧, NTF-09), by its name.

    ``sender`` is ``software`` where order-management software sends this mail, so that we must not (NTF-10).
    ``delay_minutes`` counts from the event. ``except_payment_kinds`` never get this mail (NTF-04).
    """

    enabled: bool = setting(True, label="利用する", listed="利用設定", yes="利用する", no="利用しない")
    sender: MailSentBy = setting("shop", label="送信元", labels=SENDERS, hints=SENDER_HINTS)
    delay_minutes: Pieces = setting(
        0,
        ge=0,
        le=DELAY_MINUTES_MAX,
        label="送信までの時間",
        unit="分",
        hint="お支払い期限切れの場合にだけ適用します。",
        only_for=lambda kind: kind.may_wait,
    )
    except_payment_kinds: frozenset[Line] = setting(
        frozenset(),
        max_length=METHODS_MAX,
        label="送信しないお支払い方法",
        only_for=lambda kind: kind.by_method,
    )


def default_setting(kind: MailKind) -> MailSetting:
    """Return the setting of ``kind`` before staff change it."""
    return MailSetting(delay_minutes=kind.delay_minutes)


def subject_of(kind: MailKind) -> Subject[MailSetting]:
    """Return ``kind`` as what the settings are about."""
    return Subject(default_setting(kind), kind.name, kind.title, MailSetting.names_for(kind))


class PaidByMethod(Protocol):
    """An event that says by which method was paid, and whether that method has a deposit mail at all (X-11)."""

    @property
    def payment_kind(self) -> str:
        """The method."""
        ...

    @property
    def deposit_mail(self) -> bool:
        """Whether the mail may be sent, as payments tells."""
        ...


@dataclass(frozen=True, slots=True)
class Send:
    """The mail goes out ``delay`` after the event."""

    delay: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Suppress:
    """The mail was called for and does not go out; the reason is kept and said."""

    reason: SuppressionReason


Decision = Send | Suppress


def decide(
    setting: MailSetting, *, has_address: bool, may_wait: bool = False, paid: PaidByMethod | None = None
) -> Decision:
    """Return whether the mail of ``setting``, which an event calls for, goes out.

    ``may_wait``: whether the delay of the settings counts for this event, as the mail's file says. A buyer who let
    the deadline pass is in no hurry (NTF-12); one whose order staff cancelled should know at once.
    ``paid`` is the event where the mail is one that not every payment method has (NTF-04).
    """
    if paid and (not paid.deposit_mail or paid.payment_kind in setting.except_payment_kinds):
        return Suppress("method_without_deposit_mail")
    if setting.sender == "software":
        return Suppress("sent_by_software")
    if not setting.enabled:
        return Suppress("switched_off")
    if not has_address:
        return Suppress("no_address")
    return Send(timedelta(minutes=setting.delay_minutes) if may_wait else timedelta(0))
