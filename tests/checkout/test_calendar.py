"""The business calendar: which day an order counts to, and the delivery dates that follow from it."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest

from checkout.calendar.rules import CalendarSettings
from harness.as_seen import as_seen
from harness.hearing import said
from notifications.mails.rendering import Mails, Shop
from shared.clock import JAPAN, clock
from shared.database.transactions import Database
from shared.events import OrderPlaced, ShopSettingsChanged
from shared.shop.settings.rows import read
from tests.checkout.shopper import ORDERER, Shopper, open_shop

SETTINGS = "/desk/shop/calendar"
WEEK = {"closed_saturday": "true", "closed_sunday": "true"}


def at(text: str) -> datetime:
    """Return a moment in Japan."""
    return datetime.fromisoformat(text).replace(tzinfo=JAPAN)


@pytest.fixture(autouse=True)
def friday_evening() -> Iterator[None]:
    """Stop the clock on a Friday, a minute after 17:00."""
    clock.source = lambda: at("2026-12-04T17:01:00")
    yield
    clock.reset()


async def settle(shopper: Shopper, **typed: Any) -> None:
    """Change the calendar at the desk."""
    shopper.sign_in("店長 試験", staff="owner")
    kept = {
        name: value
        for name, value in CalendarSettings().plain().items()
        if value is not False and value != []
    }
    answer = await shopper.sends(SETTINGS, **await as_seen(shopper.browser, SETTINGS, {**kept, **typed}))
    assert answer.status_code == 303, shopper.text
    shopper.browser.cookies.delete("noren_session")


def accepted(calendar: CalendarSettings, moment: str) -> str:
    """Return the day to which an order counts."""
    return str(calendar.accepted_on(at(moment)))


@pytest.mark.feature("SHO-05")
async def test_after_the_cut_off_on_friday_dates_count_from_tuesday(
    shop_db: Database, shopper: Shopper
) -> None:
    await open_shop(shop_db)
    await settle(
        shopper,
        **WEEK,
        closed_days="2026年12月7日",
        cut_off="17時00分",
        offers_dates="true",
        days_on_the_way="0",
    )
    await shopper.fills_cart()

    await shopper.goes_to_confirmation()

    assert "最短で2026/12/08（火）にお届けします。" in shopper.text
    assert "指定なし 2026/12/08（火） 2026/12/09（水）" in shopper.text

    clock.source = lambda: at("2026-12-04T17:00:00")
    await shopper.opens("/order/confirm")
    assert "最短で2026/12/04（金）にお届けします。" in shopper.text


def test_a_day_counts_by_weekday_holiday_and_single_days() -> None:
    calendar = CalendarSettings(
        closed_sunday=True,
        closed_holidays=True,
        closed_days=["2026/12/29〜2027/01/03"],
        open_days=["2026/11/23", "2026/12/31"],
    )

    assert accepted(calendar, "2026-09-19T12:00:00") == "2026-09-19"
    assert accepted(calendar, "2026-09-20T12:00:00") == "2026-09-24"  # Sunday, three holidays
    assert accepted(calendar, "2026-11-23T12:00:00") == "2026-11-23"  # a holiday on which the shop works
    assert accepted(calendar, "2026-12-29T00:00:00") == "2027-01-04"


def test_days_to_ship_are_open_days_and_the_way_is_not() -> None:
    calendar = CalendarSettings(
        closed_saturday=True, closed_sunday=True, days_to_ship=2, days_on_the_way=1, farther=["沖縄県 3"]
    )

    assert calendar.earliest(at("2026-12-03T09:00:00"), "東京都") == date(2026, 12, 8)
    assert calendar.earliest(at("2026-12-03T09:00:00"), "沖縄県") == date(2026, 12, 11)
    assert calendar.dates(at("2026-12-03T09:00:00"), "東京都") == []


async def test_a_chosen_date_is_on_order_page_desk_and_mail(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db)
    await settle(shopper, offers_dates="true", farther="東京都 2")
    await shopper.fills_cart()
    await shopper.goes_to_confirmation()

    assert (await shopper.sends("/order/date", delivery_date="2026-12-08")).status_code == 204
    await shopper.opens("/order/confirm")
    assert '<option value="2026-12-08" selected>' in shopper.page.text
    answer = await shopper.sends("/order/confirm", **shopper.confirmation, delivery_date="2026-12-08")
    path = answer.headers["location"]
    await shopper.opens(path)

    assert "お届け希望日 2026/12/08（火）" in shopper.text
    [placed] = [one for one in await said(shop_db) if isinstance(one, OrderPlaced)]
    assert placed.destinations[0].delivery_date == date(2026, 12, 8)
    mails = Mails(Shop("暖簾", "https://shop.example", "shop@shop.example"))
    mail = mails.render(mails["order_placed.customer"], placed, placed).text
    assert f"{ORDERER['name']} 様\nお届け希望日：2026/12/08\n" in mail
    shopper.sign_in("店長 試験", staff="owner")
    await shopper.opens(f"/desk/{path.lstrip('/').split('?')[0]}")
    assert "お届け希望日 2026/12/08（火）" in shopper.text


async def test_a_date_that_is_no_longer_offered_is_refused(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db)
    await settle(shopper, offers_dates="true")
    await shopper.fills_cart()
    await shopper.goes_to_confirmation()
    clock.source = lambda: at("2026-12-05T00:00:00")

    await shopper.is_refused("/order/confirm", **shopper.confirmation, delivery_date="2026-12-05")

    assert "お届け希望日 2026/12/05（土） はお選びいただけません。" in shopper.text
    assert "選択したお届け日は、お選びいただけなくなりました。選び直してください。" in shopper.text


@pytest.mark.feature("KON-08", clause="timed")
async def test_a_chosen_date_excludes_methods_that_are_paid_first(
    shop_db: Database, shopper: Shopper
) -> None:
    await open_shop(shop_db)
    await settle(shopper, offers_dates="true")
    await shopper.fills_cart()
    await shopper.goes_to_confirmation("konbini", chain="lawson")
    assert "前払いのお支払い方法では、お届け日を指定できません。" in shopper.text
    forged = await shopper.is_refused("/order/confirm", **shopper.confirmation, delivery_date="2026-12-08")
    assert "このご注文にはご利用頂けません（お届け日をご指定のため）" in forged.text

    await shopper.opens("/order/payment")

    assert shopper.text.count("このご注文にはご利用頂けません（お届け日をご指定のため）") == 2


async def test_a_wallets_page_offers_the_same_dates(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db)
    await settle(shopper, offers_dates="true", farther="神奈川県 3")
    await shopper.fills_cart()
    shopper.carry_wallet()

    await shopper.opens("/order/amazon")

    assert "最短で2026/12/08（火）にお届けします。" in shopper.text


async def test_a_shop_without_a_calendar_offers_no_dates(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db)
    await shopper.fills_cart()
    await shopper.goes_to_confirmation()
    assert "お届け希望日" not in shopper.text


@pytest.mark.parametrize(
    ("field", "typed", "why"),
    [
        ("cut_off", "25:00", "締切時刻は「17:00」の形で入力してください"),
        ("closed_days", "来週", "「来週」は「2026/12/29」または「2026/12/29〜2027/01/03」の形で"),
        ("closed_days", "2026/02/30", "「2026/02/30」は暦にない日付です"),
        ("closed_days", "2026/12/29〜2026/12/01", "の終わりの日は、初日以降にしてください"),
        ("closed_days", "2026/12/01〜2027/01/30", "期間は、初日から60日以内で入力してください"),
        ("farther", "南極 2", "「南極 2」は「沖縄県 2」の形（都道府県と日数）で入力してください"),
        ("days_to_ship", "", "発送までの営業日数"),
    ],
)
async def test_what_cannot_be_is_refused_at_its_field(
    shop_db: Database, shopper: Shopper, field: str, typed: str, why: str
) -> None:
    shopper.sign_in("店長 試験", staff="owner")
    form = {"days_offered": "14", "days_to_ship": "0", "days_on_the_way": "1", field: typed}

    answer = await shopper.sends(SETTINGS, **await as_seen(shopper.browser, SETTINGS, form))

    assert (answer.status_code, why in shopper.text) == (422, True)
    async with shop_db.transaction() as tx:
        assert await read(tx, CalendarSettings) == CalendarSettings()


async def test_a_week_without_an_open_day_is_refused(shop_db: Database, shopper: Shopper) -> None:
    shopper.sign_in("店長 試験", staff="owner")
    week = [name for name in CalendarSettings.model_fields if name.startswith("closed_") and "day" in name]
    form = {"days_offered": "14", "days_to_ship": "0", "days_on_the_way": "1"}
    form |= {name: "true" for name in week if name not in ("closed_days", "closed_holidays")}

    answer = await shopper.sends(SETTINGS, **await as_seen(shopper.browser, SETTINGS, form))

    assert answer.status_code == 422
    assert "すべての曜日が定休日です。営業する曜日を1日以上残してください" in shopper.text


async def test_a_changed_calendar_is_on_record(shop_db: Database, shopper: Shopper) -> None:
    await settle(shopper, **WEEK, cut_off="１７：００")

    [told] = [one for one in await said(shop_db) if isinstance(one, ShopSettingsChanged)]
    assert told.subject == "当日受付の締切時刻：なし → 17:00、土曜日：営業 → 休業、日曜日：営業 → 休業"
