"""Who changed which setting is on record and among the deeds of staff; one change is taken back alone."""

import re

from checkout.shop.rules import ShopSettings
from harness.as_seen import as_seen
from harness.hearing import said
from shared.clock import now
from shared.database.transactions import Database
from shared.events import ShopSettingsChanged
from shared.shop.settings.change_settings import change
from shared.shop.settings.rows import read, read_at
from tests.checkout.shopper import Shopper

SETTINGS = "/desk/orders/settings"
BACK = f"{SETTINGS}/take-back"


async def sets(shopper: Shopper, fee: str, free_from: str = "5000") -> None:
    """Save the page with these amounts."""
    form = {"shipping_fee": fee, "free_shipping_from": free_from}
    answer = await shopper.sends(SETTINGS, **await as_seen(shopper.browser, SETTINGS, form))
    assert answer.status_code == 303, shopper.text


async def may_take_back(shopper: Shopper) -> list[str]:
    """Return the changes that the page offers to take back, newest first."""
    return re.findall(r'name="change" value="(\d+)"', (await shopper.browser.get(SETTINGS)).text)


async def in_force(db: Database) -> tuple[int, int | None]:
    """Return the amounts that count now."""
    async with db.transaction() as tx:
        settings = await read(tx, ShopSettings)
    return settings.shipping_fee, settings.free_shipping_from


async def test_one_change_is_taken_back_and_the_rest_stays(shop_db: Database, shopper: Shopper) -> None:
    shopper.sign_in("店長 試験", staff="owner")
    await sets(shopper, "800", "")
    fee, free_from = sorted(await may_take_back(shopper), key=int)

    assert (await shopper.sends(BACK, change=fee)).status_code == 303

    assert await in_force(shop_db) == (550, None)
    await shopper.opens(SETTINGS)
    assert "店長 試験 送料 ¥800 ¥550" in shopper.text
    assert free_from in await may_take_back(shopper)


async def test_a_change_that_was_changed_since_is_not_taken_back(shop_db: Database, shopper: Shopper) -> None:
    shopper.sign_in("店長 試験", staff="owner")
    await sets(shopper, "800")
    [first] = await may_take_back(shopper)
    await sets(shopper, "900")

    assert first not in await may_take_back(shopper)
    assert (await shopper.sends(BACK, change=first)).status_code == 409
    assert "その後も変更されているため、取り消していません。" in shopper.text
    assert await in_force(shop_db) == (900, 5_000)


async def test_a_change_that_does_not_exist_is_not_found(shop_db: Database, shopper: Shopper) -> None:
    shopper.sign_in("店長 試験", staff="owner")
    for change_id in ("", "1", "９", "-1", str(2**63), "x" * 30):
        assert (await shopper.sends(BACK, change=change_id)).status_code == 404


async def test_a_change_is_said_for_the_record_of_deeds(shop_db: Database, shopper: Shopper) -> None:
    shopper.sign_in("店長 試験", staff="owner")
    await sets(shopper, "800", "")
    await sets(shopper, "800", "")

    [deed] = [event for event in await said(shop_db) if isinstance(event, ShopSettingsChanged)]
    assert (deed.by, deed.subject) == ("店長 試験", "送料：¥550 → ¥800、送料無料になる金額：¥5,000 → なし")


async def test_staff_without_the_owners_role_read_settings_in_words(
    shop_db: Database, shopper: Shopper
) -> None:
    async with shop_db.transaction() as tx:
        await change(tx, ShopSettings(shipping_fee=800), by="試験", at=now())
    shopper.sign_in("店員 試験", staff="staff")
    page = (await shopper.browser.get(SETTINGS)).text

    assert "¥800" in page
    assert 'name="shipping_fee"' not in page
    assert await may_take_back(shopper) == []
    assert (await shopper.sends(SETTINGS, shipping_fee="0")).status_code == 403
    assert (await shopper.sends(BACK, change="1")).status_code == 403
    assert await in_force(shop_db) == (800, 5_000)


async def test_settings_are_asked_for_once_in_a_transaction(shop_db: Database) -> None:
    asked: list[str] = []
    shop_db.watchers.append(asked.append)
    async with shop_db.transaction() as tx:
        await read(tx, ShopSettings)
        await read(tx, ShopSettings)
        assert len([sql for sql in asked if "FROM settings" in sql]) == 1
        await change(tx, ShopSettings(shipping_fee=800), by="試験", at=now())
        assert (await read(tx, ShopSettings)).shipping_fee == 800
    shop_db.watchers.remove(asked.append)


async def test_settings_that_held_at_a_moment_are_known(shop_db: Database) -> None:
    before = now()
    async with shop_db.transaction() as tx:
        await change(tx, ShopSettings(shipping_fee=800), by="試験", at=now())
        assert (await read_at(tx, ShopSettings, before)).shipping_fee == 550
        assert (await read_at(tx, ShopSettings, now())).shipping_fee == 800


async def test_an_earlier_value_out_of_bounds_is_not_taken_back(shop_db: Database, shopper: Shopper) -> None:
    shopper.sign_in("店長 試験", staff="owner")
    await sets(shopper, "800")
    [first] = await may_take_back(shopper)
    async with shop_db.transaction() as tx:
        await tx.execute("UPDATE setting_changes SET before = '100001'")

    assert (await shopper.sends(BACK, change=first)).status_code == 422

    assert "変更前の値は現在は設定できないため、取り消していません。" in shopper.text
    assert await in_force(shop_db) == (800, 5_000)


async def test_a_change_of_a_setting_that_is_gone_is_not_shown(shop_db: Database, shopper: Shopper) -> None:
    shopper.sign_in("店長 試験", staff="owner")
    await sets(shopper, "800", "6000")
    newest, other = await may_take_back(shopper)
    async with shop_db.transaction() as tx:
        await tx.execute(
            "UPDATE setting_changes SET name = 'of_a_former_release' WHERE change_id = :id", id=int(newest)
        )

    assert await may_take_back(shopper) == [other]
    assert (await shopper.sends(BACK, change=newest)).status_code == 404
