"""運用 tells staff what stands still, in each service, and how long."""

import httpx
import pytest

from checkout.order_desk.health_of_services import HealthOfServices
from checkout.order_desk.labels import SERVICE_LABEL
from harness.keys import Keys
from shared.database.transactions import Database
from shared.web.operations import ServiceHealth
from shared.web.parts import add_part
from tests.checkout.shopper import Shopper, shop_app


def telling(standing: ServiceHealth) -> HealthOfServices:
    """The other services as ``standing`` says one of them is."""

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == f"/api/{standing.service}/operations"
        return httpx.Response(200, text=standing.model_dump_json())

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://other.test")
    return HealthOfServices({standing.service: client})


async def operations_page(db: Database, keys: Keys, standing: ServiceHealth) -> str:
    """The text of 運用 as a clerk sees it."""
    app = shop_app(db, keys)
    add_part(app, HealthOfServices, telling(standing))
    clerk = Shopper(app, keys)
    clerk.sign_in("店長 試験", staff="orders")
    assert (await clerk.opens("/desk/operations")).status_code == 200
    return clerk.text


@pytest.mark.parametrize(("seconds", "told"), [(31, "最長31秒"), (400, "最長6分"), (30, None)])
async def test_unsent_events_older_than_half_a_minute_are_told(
    shop_db: Database, keys: Keys, seconds: int, told: str | None
) -> None:
    members = ServiceHealth(service="members", unsent=2, unsent_seconds=seconds, late={}, dead_letters={})
    page = await operations_page(shop_db, keys, members)

    assert SERVICE_LABEL["members"] in page
    assert ("送り出しが止まっています" in page) is (told is not None)
    assert told is None or told in page


@pytest.mark.parametrize(
    ("figures", "warned"), [({"methods_offered": 0}, True), ({"methods_offered": 1}, False), ({}, False)]
)
async def test_a_shop_without_a_payment_method_is_told(
    shop_db: Database, keys: Keys, figures: dict[str, int], warned: bool
) -> None:
    payments = ServiceHealth(service="payments", unsent=0, late={}, dead_letters={}, figures=figures)
    page = await operations_page(shop_db, keys, payments)
    assert ("お客様はご注文を確定できません" in page) is warned


async def test_a_service_of_the_former_release_is_still_shown(shop_db: Database, keys: Keys) -> None:
    former = ServiceHealth.model_validate({"service": "members", "unsent": 1, "late": {}, "dead_letters": {}})
    assert "順に送っています" in await operations_page(shop_db, keys, former)


@pytest.mark.parametrize(
    ("stuck", "refused", "told"),
    [
        (2, 1, "メールサーバーが当店のログインか差出人を受け付けません"),
        (2, 0, "10分以上送信できていません"),
        (0, 0, None),
    ],
)
async def test_mails_that_cannot_leave_are_told_with_the_reason(
    shop_db: Database, keys: Keys, stuck: int, refused: int, told: str | None
) -> None:
    figures = {"undelivered": 0, "mails_stuck": stuck, "mails_shop_refused": refused}
    mails = ServiceHealth(service="notifications", unsent=0, late={}, dead_letters={}, figures=figures)
    page = await operations_page(shop_db, keys, mails)

    assert ("担当者に連絡してください" in page) is (told is not None)
    assert told is None or told in page
