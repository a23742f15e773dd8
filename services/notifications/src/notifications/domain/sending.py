"""Whether an event's mail goes out, and when: the shop's settings against what the event asks for."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from shared.events import Event, PaymentCaptured

Sender = Literal["shop", "software"]
Reason = Literal["method_without_deposit_mail", "switched_off", "sent_by_software", "no_address"]


@dataclass(frozen=True, slots=True)
class MailSetting:
    """What staff set for one kind of mail (メール設定一覧, NTF-09).

    ``sender`` is ``software`` where order-management software sends this mail, so that we must not (NTF-10).
    ``delay_minutes`` counts from the event. ``except_payment_kinds`` never get this mail (NTF-04).
    """

    mail: str
    enabled: bool = True
    sender: Sender = "shop"
    delay_minutes: int = 0
    except_payment_kinds: frozenset[str] = field(default_factory=frozenset)


# Where staff have set nothing. 代金引換 and 楽天ペイ cannot send the deposit mail (features.md X-11); the
# cancel mail of an unpaid order follows a little later (KON-31).
DEFAULTS = {
    "payment_captured.customer": MailSetting(
        "payment_captured.customer", except_payment_kinds=frozenset({"cash_on_delivery", "rakuten_pay"})
    ),
    "order_cancelled.customer": MailSetting("order_cancelled.customer", delay_minutes=10),
}


def default_setting(mail: str) -> MailSetting:
    """Return the setting of ``mail`` as it is before staff change it."""
    return DEFAULTS.get(mail) or MailSetting(mail)


@dataclass(frozen=True, slots=True)
class Send:
    """The mail goes out ``delay`` after the event."""

    delay: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Suppress:
    """The mail was called for and does not go out; the reason is kept and said."""

    reason: Reason


Decision = Send | Suppress


def decide(event: Event, setting: MailSetting, *, has_address: bool, may_wait: bool = False) -> Decision:
    """Return whether the mail of ``setting``, which ``event`` calls for, goes out.

    ``may_wait``: whether the delay of the settings counts for this event, as the mail's file says. A buyer who let
    the deadline pass is in no hurry (NTF-12); one whose order staff cancelled should know at once.
    """
    if isinstance(event, PaymentCaptured) and event.payment_kind in setting.except_payment_kinds:
        return Suppress("method_without_deposit_mail")
    if setting.sender == "software":
        return Suppress("sent_by_software")
    if not setting.enabled:
        return Suppress("switched_off")
    if not has_address:
        return Suppress("no_address")
    return Send(timedelta(minutes=setting.delay_minutes) if may_wait else timedelta(0))
