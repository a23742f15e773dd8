"""A mail to pay by that did not arrive: staff are called, and have ways out."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from checkout.consumers import consumers
from checkout.orders.cancel_order import cancel_order
from checkout.tables import metadata
from harness.hearing import Hearing
from harness.keys import Keys
from harness.postgres import MakeDatabase
from shared.clock import now
from shared.database.transactions import Database
from shared.events import MailAddressCorrected, MailSent, MailSuppressed, PaymentCaptured
from tests.checkout.desk_client import STAFF, desk_client
from tests.checkout.order_examples import number_issued, order_row, payment, place, timeline_titles

CODE = "P-1"
WORD = "payment_mail_undelivered"


@pytest.fixture
async def db(make_db: MakeDatabase) -> AsyncIterator[Database]:
    yield await make_db("checkout", metadata)


@pytest.fixture
async def desk(db: Database, keys: Keys) -> AsyncIterator[httpx.AsyncClient]:
    async with desk_client(db, keys) as client:
        yield client


@pytest.fixture
async def hearing(db: Database) -> Hearing:
    """An order whose buyer waits for a number to pay with."""
    await place(db, "konbini", CODE)
    hearing = Hearing(consumers, db)
    await hearing.hears(number_issued(CODE))
    return hearing


def about(mail_id: int = 1, *, needed: bool = True) -> dict[str, Any]:
    return {
        "mail_id": UUID(int=mail_id),
        "mail": "payment_number_issued.customer",
        "order_code": CODE,
        "needed_to_pay": needed,
    }


def undelivered(reason: Any = "refused_by_server", *, needed: bool = True) -> MailSuppressed:
    return MailSuppressed(reason=reason, title="お支払い番号お知らせメール", **about(needed=needed))


async def calls(db: Database) -> list[str]:
    return list((await order_row(db, CODE)).own_calls)


@pytest.mark.parametrize(
    "reason", ["refused_by_server", "not_accepted_in_time", "no_address", "too_many_to_recipient"]
)
async def test_staff_are_called_for_a_payment_mail_that_never_arrived(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing, reason: str
) -> None:
    await hearing.hears(undelivered(reason))

    attention = (await desk.get("/desk/orders?tab=attention")).text
    assert CODE in attention and "お支払い案内の未達" in attention
    page = (await desk.get(f"/desk/orders/{CODE}")).text
    assert "ご案内するメールがお客様に届いていません" in page
    assert f'href="/desk/mails?q={CODE}"' in page


@pytest.mark.parametrize(
    "event", [undelivered("switched_off"), undelivered("sent_by_software"), undelivered(needed=False)]
)
async def test_what_the_shop_wished_or_nobody_pays_by_calls_nobody(
    db: Database, hearing: Hearing, event: MailSuppressed
) -> None:
    await hearing.hears(event)

    assert await calls(db) == []


async def test_the_call_ends_once_the_mail_sent_again_has_arrived(db: Database, hearing: Hearing) -> None:
    await hearing.hears(undelivered())
    assert await calls(db) == [WORD]
    await hearing.hears(MailSent(subject="お支払い番号のお知らせ", **about(needed=False)))
    assert await calls(db) == [WORD]
    await hearing.hears(MailSent(subject="お支払い番号のお知らせ", **about()))
    assert await calls(db) == []


async def test_the_call_ends_by_itself_once_the_buyer_has_paid(db: Database, hearing: Hearing) -> None:
    await hearing.hears(undelivered())
    paid: dict[str, Any] = {"amount": 3_300, "captured_at": now(), "source": "provider_notice"}
    await hearing.hears(PaymentCaptured(**payment(CODE, "konbini"), **paid))
    assert await calls(db) == []
    await hearing.hears(undelivered())
    assert await calls(db) == []


async def test_the_call_ends_with_the_order(db: Database, hearing: Hearing) -> None:
    await hearing.hears(undelivered())
    async with db.transaction() as tx:
        await cancel_order(tx, order_code=CODE, note="試験", by="店長", at=now())
    assert await calls(db) == []


async def test_staff_who_told_the_buyer_say_so(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await hearing.hears(undelivered())
    row = await order_row(db, CODE)
    answer = await desk.post(f"/desk/orders/{CODE}/seen", data={"version": str(row.version)})
    assert answer.status_code == 303
    assert await calls(db) == []


async def test_a_corrected_address_is_the_orders(
    db: Database, desk: httpx.AsyncClient, hearing: Hearing
) -> None:
    await hearing.hears(
        MailAddressCorrected(
            by_id=STAFF, by="店長", ip="192.0.2.1", order_code=CODE, email="hana@right.example"
        )
    )
    assert (await order_row(db, CODE)).orderer_email == "hana@right.example"
    assert "メールアドレスを訂正しました" in await timeline_titles(db, CODE)
    assert CODE in (await desk.get("/desk/orders?tab=all&q=hana@right.example")).text


async def test_a_corrected_address_ends_the_former_link(db: Database, hearing: Hearing) -> None:
    async with db.transaction() as tx:
        await tx.execute("UPDATE orders SET page_key = 'old', page_url = 'http://shop/orders/1?key=old'")
    told: dict[str, Any] = {"by_id": STAFF, "by": "店長", "ip": "192.0.2.1", "order_code": CODE}
    await hearing.hears(MailAddressCorrected(**told, email="hana@right.example"))
    assert (await order_row(db, CODE)).page_key == "old", "a former release knows of no key"
    await hearing.hears(MailAddressCorrected(**told, email="hana@right.example", page_key="new"))
    row = await order_row(db, CODE)
    assert (row.page_key, row.page_url) == ("new", "http://shop/orders/1?key=new")


async def test_a_corrected_address_renews_the_link_of_the_number(db: Database, hearing: Hearing) -> None:
    number = number_issued(CODE).model_copy(
        update={"page_url": f"http://shop/payments/konbini/{CODE}?key=old"}
    )
    told: dict[str, Any] = {"by_id": STAFF, "by": "店長", "ip": "192.0.2.1", "order_code": CODE}
    corrected = MailAddressCorrected(**told, email="hana@right.example", page_key="1new")
    await hearing.hears(number, corrected)
    async with db.transaction() as tx:
        link = await tx.value(
            "SELECT number_page_url FROM order_payments WHERE order_code = :code", code=CODE
        )
    assert link == f"http://shop/payments/konbini/{CODE}?key=1new"
