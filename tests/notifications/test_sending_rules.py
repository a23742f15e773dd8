"""Whether a mail goes out and when, and what each answer of a server makes of it: every rule at its edge."""

from datetime import UTC, datetime, timedelta

import pytest

from notifications.domain.mail import (
    Accepted,
    Answer,
    Later,
    RefusedByServer,
    Unknown,
    Verdict,
    judge,
)
from notifications.domain.sending import (
    MailSetting,
    NotAsked,
    Send,
    Suppress,
    decide,
    default_setting,
)
from shared.events import Event, OrderCancelled, PaymentCaptured, PointsGranted, Shipped, ShippedDestination
from shared.ids import new_id

AT = datetime(2026, 11, 22, tzinfo=UTC)
FIVE = MailSetting("any", delay_minutes=5)
LATER = Send(timedelta(minutes=5))
GRANTED = PointsGranted(member_id=new_id(), points=1, state="active", reason="registration")


def captured(*, send_mail: bool, source: str = "admin", kind: str = "card") -> PaymentCaptured:
    """Money came in."""
    return PaymentCaptured.model_validate(
        {
            "order_code": "N1",
            "payment_id": new_id(),
            "payment_kind": kind,
            "amount": 1,
            "captured_at": AT,
            "source": source,
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


@pytest.mark.parametrize(
    ("event", "decision"),
    [
        (GRANTED, LATER),
        (captured(send_mail=True), LATER),
        (captured(send_mail=False), NotAsked()),
        (captured(send_mail=False, source="konbini_notice"), LATER),
        (shipped(send_mail=True), LATER),
        (shipped(send_mail=False), NotAsked()),
        (cancelled("unpaid"), LATER),
        (cancelled("staff"), Send(timedelta(0))),
        (cancelled("payment_failed"), Send(timedelta(0))),
        (cancelled("unpaid", send_mail=False), NotAsked()),
    ],
)
def test_a_mail_goes_where_its_event_asks_for_it_and_waits_where_nobody_hurries(
    event: Event, decision: object
) -> None:
    assert decide(event, FIVE, has_address=True) == decision


@pytest.mark.parametrize(
    ("setting", "has_address", "reason"),
    [
        (MailSetting("any", sender="software", enabled=False), False, "sent_by_software"),
        (MailSetting("any", enabled=False), False, "switched_off"),
        (MailSetting("any"), False, "no_address"),
        (MailSetting("any", except_payment_kinds=frozenset({"card"})), True, "method_without_deposit_mail"),
    ],
)
def test_a_mail_that_does_not_go_tells_why(setting: MailSetting, has_address: bool, reason: str) -> None:
    assert decide(captured(send_mail=True), setting, has_address=has_address) == Suppress(reason)  # type: ignore[arg-type]
    excepted = reason == "method_without_deposit_mail"
    assert (decide(GRANTED, setting, has_address=True) == Send()) == (excepted or reason == "no_address")


def test_without_a_setting_of_the_shop_the_specification_decides() -> None:
    paid = default_setting("payment_captured.customer")
    for kind, goes in (("cash_on_delivery", False), ("rakuten_pay", False), ("konbini", True)):
        decided = decide(captured(send_mail=True, kind=kind), paid, has_address=True)
        assert (decided == Send()) == goes
    assert default_setting("order_cancelled.customer").delay_minutes == 10
    assert default_setting("else") == MailSetting("else")


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
    answer: Answer, tried_for: timedelta, verdict: Verdict
) -> None:
    assert judge(answer, attempts=3, first_tried_at=AT - tried_for, at=AT) == verdict
