"""The deeds on the page of one order follow from one table."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

import checkout.order_desk
from checkout.consumers import consumers
from checkout.order_desk.deeds import DEEDS
from checkout.tables import metadata
from harness.hearing import Hearing, said
from harness.keys import Keys
from harness.postgres import MakeDatabase
from shared.clock import in_japan, now
from shared.database.transactions import Database
from shared.events import CaptureRequested, OrderDeedDone, PaymentAuthorized
from tests.checkout.desk_client import desk_client
from tests.checkout.order_examples import order_row, payment, place

TEMPLATES = Path(checkout.order_desk.__path__[0]) / "templates"


@pytest.fixture
async def db(make_db: MakeDatabase) -> AsyncIterator[Database]:
    yield await make_db("checkout", metadata)


@pytest.fixture
async def desk(db: Database, keys: Keys) -> AsyncIterator[httpx.AsyncClient]:
    async with desk_client(db, keys) as client:
        yield client


async def authorize(db: Database, code: str) -> None:
    await Hearing(consumers, db).hears(
        PaymentAuthorized(
            **payment(code),
            authorization_id="S03-AUTH-1",
            amount=3_500,
            provider_status="承認済",
            authorized_at=now(),
        )
    )


@pytest.mark.parametrize("path", DEEDS)
def test_each_deed_of_an_order_stands_on_the_page_that_shows_it(path: str) -> None:
    page = "desk_cancel.html" if DEEDS[path].drawn_on == "cancel" else "desk_order.html"
    assert f'"/desk/orders/" ~ order.code ~ "/{path}"' in (TEMPLATES / page).read_text()


async def test_a_path_that_is_no_deed_is_a_missing_page(db: Database, desk: httpx.AsyncClient) -> None:
    await place(db, "transfer", "D-1")
    assert (await desk.get("/desk/orders/D-1/forget")).status_code == 404
    assert (await desk.post("/desk/orders/D-1/forget", data={"version": "1"})).status_code == 404


async def test_money_is_asked_for_early_only_after_a_warning(db: Database, desk: httpx.AsyncClient) -> None:
    await place(db, "card_like", "D-2")
    await authorize(db, "D-2")
    form = {
        "deposit_date": in_japan(now()).date().isoformat(),
        "version": str((await order_row(db, "D-2")).version),
    }
    warned = await desk.post("/desk/orders/D-2/deposit", data=form)
    assert warned.status_code == 409
    assert "まだ実行していません</strong><p>未発送の注文です。" in warned.text
    assert await said(db) == []
    done = await desk.post("/desk/orders/D-2/deposit", data={**form, "confirmed": "true"})
    assert done.status_code == 303
    assert [event.type for event in await said(db)] == [CaptureRequested.type, OrderDeedDone.type]


async def test_a_button_pressed_on_an_old_page_is_refused_on_its_own(
    db: Database, desk: httpx.AsyncClient
) -> None:
    await place(db, "card_like", "D-3")
    await authorize(db, "D-3")
    answer = await desk.post("/desk/orders/D-3/seen", data={"version": "1"})
    assert answer.status_code == 409
    assert "他の操作で更新されました" in answer.text
    assert "受注詳細" not in answer.text
