"""The simulator plays Amazon: states, declines, pages, and a ledger that cannot be changed."""

import json
import re
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from payments.methods.amazon_pay.client import AmazonPayClient, SaysNo
from shared.clock import clock

MONTHLY = {"frequency": {"unit": "Month", "value": "1"}}
KEY = "0f8fad5bd9cb469fa16570867728950e"


@pytest.fixture
def authorize_recurring(
    amazon: Any, client: AmazonPayClient, start_checkout: Any, purchase: Any
) -> Callable[[int], Awaitable[str]]:
    """A recurring permission of which a first amount is captured."""

    async def agree(amount: int) -> str:
        session_id = start_checkout(chargePermissionType="Recurring")
        wish = purchase(amount) | {"recurringMetadata": MONTHLY}
        session = await client.update_session(session_id, wish)
        amazon.pay(session.redirect_url)
        done = await client.complete_session(session_id, amount)
        assert done.charge_id and done.charge_permission_id
        await client.capture(done.charge_id, amount, key="first")
        return done.charge_permission_id

    return agree


@pytest.mark.parametrize(
    ("instrument", "code", "description"),
    [
        ("declined", "Declined", None),
        ("insufficient", "Declined", "InsufficientFunds"),
        ("canceled", "BuyerCanceled", None),
    ],
)
async def test_a_bad_card_cancels_the_session(
    amazon: Any,
    client: AmazonPayClient,
    start_checkout: Any,
    purchase: Any,
    instrument: str,
    code: str,
    description: str | None,
) -> None:
    session_id = start_checkout(instrument=instrument)
    session = await client.update_session(session_id, purchase(5480))
    amazon.pay(session.web_checkout_details.amazon_pay_redirect_url)  # type: ignore[union-attr]

    with pytest.raises(SaysNo):
        await client.complete_session(session_id, 5480)

    details = (await client.session(session_id)).status_details
    assert (details.state, details.reason_code, details.reason_description) == ("Canceled", code, description)
    assert amazon.ledger("authorized") == []


@pytest.mark.parametrize(("instrument", "end"), [("pending", "Authorized"), ("pending_declined", "Declined")])
async def test_a_pending_card_is_decided_later(
    client: AmazonPayClient, authorize: Any, instrument: str, end: str
) -> None:
    charge_id = (await authorize(instrument=instrument)).charge_id
    assert (await client.charge(charge_id)).state == "AuthorizationInitiated"

    clock.move(timedelta(hours=1, seconds=1))

    assert (await client.charge(charge_id)).state == end


async def test_an_unused_authorization_lapses_after_thirty_days(
    client: AmazonPayClient, authorize: Any
) -> None:
    charge_id = (await authorize()).charge_id
    clock.move(timedelta(days=30, seconds=1))

    details = (await client.charge(charge_id)).status_details

    assert (details.state, details.reason_code) == ("Canceled", "ExpiredUnused")


async def test_a_capture_after_seven_days_takes_a_while(
    amazon: Any, client: AmazonPayClient, authorize: Any
) -> None:
    charge_id = (await authorize()).charge_id
    clock.move(timedelta(days=8))
    assert (await client.capture(charge_id, 5480, key=KEY)).state == "CaptureInitiated"
    assert amazon.ledger("captured") == []

    clock.move(timedelta(hours=2))

    assert (await client.charge(charge_id)).state == "Captured"
    assert [row["amount"] for row in amazon.ledger("captured")] == [5480]


async def test_refunds_stop_at_what_may_be_given_back(client: AmazonPayClient, authorize: Any) -> None:
    charge_id = (await authorize(amount=1000)).charge_id
    await client.capture(charge_id, 1000, key=KEY)
    refund = await client.create_refund(charge_id, 1000, key="refund1")
    assert (await client.refund(refund.refund_id)).status_details.state == "Refunded"

    with pytest.raises(SaysNo) as caught:
        await client.create_refund(charge_id, 151, key="refund2")

    assert caught.value.code == "TransactionAmountExceeded"
    await client.create_refund(charge_id, 150, key="refund3")


async def test_the_console_captures_cancels_and_refunds(
    amazon: Any, client: AmazonPayClient, authorize: Any
) -> None:
    first = (await authorize()).charge_id
    second = (await authorize()).charge_id
    amazon.console(first, "capture", "5000")
    amazon.console(first, "refund", "300")
    amazon.console(second, "cancel")

    assert (await client.charge(first)).state == "Captured"
    assert (await client.charge(second)).state == "Canceled"
    rows = [(row["kind"], row["amount"], row["source"]) for row in amazon.ledger()]
    assert ("captured", 5000, "console") in rows
    assert ("refunded", 300, "console") in rows
    assert ("voided", 5480, "console") in rows
    assert "売上 ¥5,000" in amazon.browser.get("/console").text


@pytest.mark.feature("AP-14")
async def test_cards_and_the_gift_card_balance_can_pay(amazon: Any, start_checkout: Any) -> None:
    page = amazon.browser.get(f"/checkout/{start_checkout()}/review").text
    offered = re.findall(r'name="instrument".*?<span>([^<]+)', page, re.DOTALL)

    assert any("ギフトカード" in label for label in offered)
    assert all("****" in label or label == "Amazonギフトカード" for label in offered)


@pytest.mark.feature("AP-29")
async def test_an_added_address_is_there_for_the_next_order(
    amazon: Any, client: AmazonPayClient, start_checkout: Any
) -> None:
    session_id = start_checkout()
    added = {
        "name": "佐藤 次郎",
        "postalCode": "604-8571",
        "stateOrRegion": "京都府",
        "addressLine1": "京都市中京区寺町通",
        "addressLine2": "御池上る",
        "phoneNumber": "075-123-4567",
    }
    amazon.submit(f"/checkout/{session_id}/review", do="add_address", **added)

    session = await client.session(start_checkout())

    assert [address.state_or_region for address in session.addresses] == ["東京都", "神奈川県", "京都府"]
    assert (await client.session(session_id)).shipping_address.name == "佐藤 次郎"  # type: ignore[union-attr]


async def test_an_account_of_amazon_com_gets_no_buyer(client: AmazonPayClient, start_checkout: Any) -> None:
    session = await client.session(start_checkout("john"))

    assert session.is_of_other_marketplace
    assert session.buyer is None


async def test_a_button_with_a_foreign_signature_is_refused(amazon: Any) -> None:
    fields = {"payloadJSON": "{}", "signature": "AAAA", "publicKeyId": amazon.settings.public_key_id}

    response = amazon.browser.post("/checkout", data=fields)

    assert response.status_code == 403
    assert "InvalidSignatureError" in response.text


async def test_the_ledger_refuses_changes_and_outlives_the_process(
    amazon: Any, start_amazon: Any, authorize: Any
) -> None:
    await authorize()
    before = amazon.ledger()
    with (
        sqlite3.connect(amazon.settings.folder / "ledger.sqlite") as ledger,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        ledger.execute("update entries set amount = 1")

    assert start_amazon().ledger() == before
    assert [row["kind"] for row in before] == ["authorized"]


async def test_a_recurring_permission_is_whole_in_japans_next_month(
    amazon: Any, client: AmazonPayClient, authorize_recurring: Any
) -> None:
    clock.move(datetime(2026, 12, 31, 14, 0, tzinfo=UTC) - clock.now())  # 23:00 in Japan
    permission = await authorize_recurring(60_000)
    with pytest.raises(SaysNo) as caught:
        await client.create_charge(permission, 60_000, key="same-month")
    assert caught.value.code == "PeriodicAmountExceeded"

    clock.move(timedelta(hours=1, seconds=1))

    assert (await client.create_charge(permission, 60_000, key="next-month")).state == "Authorized"


async def test_a_repaired_permission_can_be_charged_again(
    amazon: Any, client: AmazonPayClient, authorize: Any
) -> None:
    charge = await client.charge((await authorize()).charge_id)
    amazon.trouble("charge:HardDeclined", charge.charge_permission_id)
    for code in ("HardDeclined", "InvalidChargePermissionStatus"):
        with pytest.raises(SaysNo) as caught:
            await client.create_charge(charge.charge_permission_id, 1000, key=code)
        assert caught.value.code == code

    amazon.console(charge.charge_id, "repair")

    assert (await client.create_charge(charge.charge_permission_id, 1000, key="again")).state == "Authorized"


async def test_the_console_ends_an_authorization_as_thirty_days_do(
    amazon: Any, client: AmazonPayClient, authorize: Any
) -> None:
    charge_id = (await authorize()).charge_id

    amazon.console(charge_id, "expire")

    details = (await client.charge(charge_id)).status_details
    assert (details.state, details.reason_code) == ("Canceled", "ExpiredUnused")


async def test_a_chargeback_is_told_by_a_notice(amazon: Any, client: AmazonPayClient, authorize: Any) -> None:
    charge_id = (await authorize(amount=1000)).charge_id
    await client.capture(charge_id, 1000, key=KEY)

    amazon.console(charge_id, "chargeback")

    told = json.loads(amazon.notices()[-1]["message"])
    assert (told["ObjectType"], told["ObjectId"]) == ("CHARGEBACK", charge_id)
    assert [row["amount"] for row in amazon.ledger("charged_back")] == [1000]


async def test_an_unknown_field_is_refused(client: AmazonPayClient, start_checkout: Any) -> None:
    with pytest.raises(SaysNo) as caught:
        await client.update_session(start_checkout(), {"paymentDetail": {}})

    assert caught.value.code == "UnrecognizedField"
