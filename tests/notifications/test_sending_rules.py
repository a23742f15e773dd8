"""Whether a mail goes out and when, and what each answer of a server makes of it: every rule at its edge."""

from datetime import UTC, datetime, timedelta

import pytest

from harness.post import SHOP
from notifications.mail_settings.rules import (
    MailSetting,
    Send,
    Suppress,
    decide,
    default_setting,
)
from notifications.mailing.delivery import (
    Accepted,
    Later,
    RefusedByServer,
    ServerAnswer,
    Unknown,
    Verdict,
    judge,
)
from notifications.mailing.pacing import Drop, Go, Wait, pace
from notifications.mails.rendering import Mails
from notifications.previews.examples import example_order
from shared.events import Event, OrderCancelled, PaymentCaptured, Shipped, ShippedDestination
from shared.ids import new_id

AT = datetime(2026, 11, 22, tzinfo=UTC)
FIVE = MailSetting(delay_minutes=5)
PLACED = example_order()


def captured(*, send_mail: bool, kind: str = "card") -> PaymentCaptured:
    """Money came in."""
    return PaymentCaptured.model_validate(
        {
            "order_code": "N1",
            "payment_id": new_id(),
            "payment_kind": kind,
            "amount": 1,
            "captured_at": AT,
            "source": "admin",
            "send_mail": send_mail,
        }
    )


def shipped(*, send_mail: bool) -> Shipped:
    """A parcel left."""
    parcel = ShippedDestination(destination_id=new_id(), ship_date=AT.date())
    return Shipped(
        order_code="N1",
        destinations=(parcel,),
        fully_shipped=True,
        source="admin_single",
        by="店長",
        send_mail=send_mail,
    )


def cancelled(reason: str, *, send_mail: bool = True) -> OrderCancelled:
    """An order ended."""
    return OrderCancelled.model_validate(
        {"order_code": "N1", "reason": reason, "by": "店長", "send_mail": send_mail}
    )


MAILS = Mails(SHOP)


@pytest.mark.parametrize(
    ("mail", "event", "called_for"),
    [
        ("payment_captured", captured(send_mail=True), True),
        ("payment_captured", captured(send_mail=False), False),
        ("shipped", shipped(send_mail=True), True),
        ("shipped", shipped(send_mail=False), False),
        ("order_cancelled", cancelled("unpaid"), True),
        ("order_cancelled", cancelled("staff"), True),
        ("order_cancelled", cancelled("payment_failed"), False),
        ("order_cancelled", cancelled("unpaid", send_mail=False), False),
        ("payment_failed", cancelled("payment_failed"), True),
        ("payment_failed", cancelled("payment_failed", send_mail=False), False),
        ("payment_failed", cancelled("staff"), False),
        ("payment_failed", cancelled("unpaid"), False),
    ],
)
def test_a_mail_goes_where_its_file_says_that_the_event_calls(
    mail: str, event: Event, called_for: bool
) -> None:
    assert MAILS.is_called_for(MAILS[f"{mail}.customer"], event, PLACED) == called_for


@pytest.mark.parametrize(("reason", "waits"), [("unpaid", True), ("staff", False)])
def test_a_mail_waits_only_where_nobody_hurries(reason: str, waits: bool) -> None:
    event = cancelled(reason)
    assert MAILS.may_wait(MAILS["order_cancelled.customer"], event, PLACED) == waits
    delay = timedelta(minutes=5 if waits else 0)
    assert decide(FIVE, has_address=True, may_wait=waits) == Send(delay)
    assert not MAILS.may_wait(MAILS["shipped.customer"], event, PLACED)


@pytest.mark.parametrize(
    ("setting", "has_address", "reason"),
    [
        (MailSetting(sender="software", enabled=False), False, "sent_by_software"),
        (MailSetting(enabled=False), False, "switched_off"),
        (MailSetting(), False, "no_address"),
        (MailSetting(except_payment_kinds=frozenset({"card"})), True, "method_without_deposit_mail"),
    ],
)
def test_a_mail_that_does_not_go_tells_why(setting: MailSetting, has_address: bool, reason: str) -> None:
    paid = captured(send_mail=True)
    assert decide(setting, has_address=has_address, paid=paid) == Suppress(reason)  # type: ignore[arg-type]
    excepted = reason == "method_without_deposit_mail"
    assert (decide(setting, has_address=True) == Send()) == (excepted or reason == "no_address")


@pytest.mark.parametrize("has_mail", [True, False])
def test_payments_tells_whether_a_method_has_a_deposit_mail(has_mail: bool) -> None:
    kind = MAILS["payment_captured.customer"]
    paid = captured(send_mail=True).model_copy(update={"deposit_mail": has_mail})
    decided = decide(default_setting(kind), has_address=True, paid=paid if kind.head.by_method else None)
    assert decided == (Send() if has_mail else Suppress("method_without_deposit_mail"))


def test_the_head_of_a_mail_tells_its_setting_until_staff_decide() -> None:
    delays = {name: default_setting(kind).delay_minutes for name, kind in MAILS.kinds.items()}
    assert {name: minutes for name, minutes in delays.items() if minutes} == {"order_cancelled.customer": 10}
    assert default_setting(MAILS["shipped.customer"]) == MailSetting()


@pytest.mark.parametrize(
    ("sent", "per_hour", "waited", "departure"),
    [
        (19, 20, timedelta(0), Go()),
        (20, 20, timedelta(0), Wait(AT + timedelta(minutes=20))),
        (25, 20, timedelta(hours=24), Drop("too_many_to_recipient")),
        (9_999, 0, timedelta(0), Go()),
    ],
)
def test_one_mail_too_many_waits_for_the_oldest_of_the_hour(
    sent: int, per_hour: int, waited: timedelta, departure: object
) -> None:
    oldest_at = AT - timedelta(minutes=40)
    assert pace(sent, per_hour=per_hour, oldest_at=oldest_at, created_at=AT - waited, at=AT) == departure


DAY = timedelta(hours=24)
SOON = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("answer", "tried_for", "verdict"),
    [
        (Accepted("250"), DAY, Verdict("sent")),
        (RefusedByServer("550", 550), DAY, Verdict("refused")),
        (Later("451"), DAY - SOON, Verdict("queued", AT + timedelta(seconds=40))),
        (Unknown("?"), DAY - SOON, Verdict("queued", AT + timedelta(seconds=40))),
        (Later("451"), DAY, Verdict("gave_up")),
        (Unknown("?"), DAY, Verdict("gave_up")),
    ],
)
def test_each_answer_of_a_mail_server_has_its_verdict(
    answer: ServerAnswer, tried_for: timedelta, verdict: Verdict
) -> None:
    assert judge(answer, attempts=3, first_tried_at=AT - tried_for, at=AT) == verdict
