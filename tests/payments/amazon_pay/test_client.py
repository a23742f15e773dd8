"""The client tells a definite no from no answer, and a lost answer never takes money twice."""

from typing import Any

import httpx
import pytest

from payments.methods.amazon_pay.charges import Charge
from payments.methods.amazon_pay.client import AmazonPayClient, NoAnswer, SaysNo

KEY = "0f8fad5bd9cb469fa16570867728950e"


async def test_a_capture_whose_answer_is_lost_is_captured_once(
    amazon: Any, client: AmazonPayClient, authorize: Any
) -> None:
    charge_id = (await authorize(behaviour="capture:lose_answer")).charge_id

    with pytest.raises(NoAnswer):
        await client.capture(charge_id, 5480, key=KEY)
    again = await client.capture(charge_id, 5480, key=KEY)

    assert again.state == "Captured"
    assert [row["amount"] for row in amazon.ledger("captured")] == [5480]
    assert len(amazon.calls("capture")) == 2


async def test_an_answer_after_the_timeout_is_no_answer(
    amazon: Any, client: AmazonPayClient, authorize: Any
) -> None:
    charge_id = (await authorize()).charge_id
    amazon.trouble("capture:hang", charge_id)

    with pytest.raises(NoAnswer):
        await client.capture(charge_id, 5480, key=KEY)

    assert (await client.charge(charge_id)).state == "Captured"


@pytest.mark.parametrize("trouble", ["throttle", "error_500", "error_503", "drop", "wrong_schema"])
async def test_trouble_on_the_way_is_no_answer(
    amazon: Any, client: AmazonPayClient, authorize: Any, trouble: str
) -> None:
    charge_id = (await authorize()).charge_id
    amazon.trouble(f"get:{trouble}")

    with pytest.raises(NoAnswer) as caught:
        await client.charge(charge_id)

    assert caught.value.retry_after_seconds == (1 if trouble == "throttle" else None)
    assert (await client.charge(charge_id)).state == "Authorized"


async def test_nobody_listening_is_no_answer(client: AmazonPayClient) -> None:
    settings = client.settings.model_copy(update={"url": "http://127.0.0.1:9"})

    with pytest.raises(NoAnswer):
        await AmazonPayClient(settings, client.http).charge("S03-1")


async def test_a_refusal_is_a_definite_no(client: AmazonPayClient, authorize: Any) -> None:
    charge_id = (await authorize()).charge_id
    await client.cancel(charge_id, "test")

    with pytest.raises(SaysNo) as caught:
        await client.capture(charge_id, 5480, key=KEY)

    assert (caught.value.status, caught.value.code) == (422, "InvalidChargeStatus")


async def test_an_amount_that_differs_is_refused(
    amazon: Any, client: AmazonPayClient, start_checkout: Any, purchase: Any
) -> None:
    session_id = start_checkout()
    session = await client.update_session(session_id, purchase(5480))
    amazon.pay(session.web_checkout_details.amazon_pay_redirect_url)  # type: ignore[union-attr]

    with pytest.raises(SaysNo) as caught:
        await client.complete_session(session_id, 5481)

    assert (caught.value.status, caught.value.code) == (409, "AmountMismatch")
    assert amazon.ledger() == []


async def test_amounts_in_the_recorded_quirk_are_read() -> None:
    charge = Charge.model_validate(
        {
            "chargeId": "c",
            "chargePermissionId": "p",
            "chargeAmount": {"amount": "100.00", "currencyCode": "JPY"},
            "statusDetails": {
                "state": "Authorized",
                "reasonCode": "BrandNew",
                "lastUpdatedTimestamp": "20260401T030215Z",
            },
            "creationTimestamp": 1580000000000,
            "somethingNew": 1,
        }
    )

    assert charge.charge_amount.amount == 100
    assert charge.creation_timestamp.year == 2020


async def test_a_wrong_key_is_refused_by_the_provider(client: AmazonPayClient) -> None:
    settings = client.settings.model_copy(update={"public_key_id": "SANDBOX-SOMEBODYELSESOMEBODYELSE"})
    settings.__dict__.pop("signer", None)

    async with httpx.AsyncClient() as http:
        with pytest.raises(SaysNo) as caught:
            await AmazonPayClient(settings, http).charge("S03-1")

    assert caught.value.code == "InvalidRequestSignature"
