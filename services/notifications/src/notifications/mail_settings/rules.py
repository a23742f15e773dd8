"""Decides whether and when an event's mail is sent, from the shop's settings and the event."""

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
    """The settings of one kind of mail (メール設定一覧, NTF-09), by its name.

    ``sender`` is ``software`` if order-management software sends this mail; Noren then must not (NTF-10).
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
        only_for=lambda kind: kind.head.may_wait,
    )
    except_payment_kinds: frozenset[Line] = setting(
        frozenset(),
        max_length=METHODS_MAX,
        label="送信しないお支払い方法",
        only_for=lambda kind: kind.head.by_method,
    )


def default_setting(kind: MailKind) -> MailSetting:
    """Return the default setting of ``kind``."""
    return MailSetting(delay_minutes=kind.head.delay)


def subject_of(kind: MailKind) -> Subject[MailSetting]:
    """Return ``kind`` as the subject of its settings."""
    return Subject(default_setting(kind), kind.name, kind.title, MailSetting.names_for(kind))


class PaidByMethod(Protocol):
    """An event that names the payment method, and whether that method has a deposit mail at all (X-11)."""

    @property
    def payment_kind(self) -> str:
        """Return the payment method."""
        ...

    @property
    def deposit_mail(self) -> bool:
        """Return whether the mail may be sent, as payments reported it."""
        ...


@dataclass(frozen=True, slots=True)
class Send:
    """The mail is sent ``delay`` after the event."""

    delay: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Suppress:
    """The mail is called for but not sent. The reason is stored and published."""

    reason: SuppressionReason


SettingDecision = Send | Suppress


def decide(
    setting: MailSetting, *, has_address: bool, may_wait: bool = False, paid: PaidByMethod | None = None
) -> SettingDecision:
    """Return whether a mail with ``setting``, for which an event calls, is sent.

    ``may_wait`` says whether the delay of the settings applies to this event; the mail's file decides. After a missed
    deadline a mail may be delayed (NTF-12). After a cancellation by staff the buyer must know at once. ``paid`` is the
    event if not every payment method has the mail (NTF-04).
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
