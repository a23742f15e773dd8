"""A new name of the shop, from the desk of checkout to the mails of notifications, over a real broker."""

import pytest

from checkout.tables import metadata as checkout_metadata
from harness.as_seen import as_seen
from harness.eventually import eventually
from harness.keys import Keys
from harness.mail_sink import Copy, MailSink
from harness.post import SHOP, Post, browser, pages_of, session
from harness.postgres import MakeDatabase
from harness.rabbitmq import TestBroker
from harness.running import running
from notifications.consumers import consumers as notifications_consumers
from notifications.mails.rendering import Mails
from notifications.mails.sender import Sender
from notifications.previews.examples import example_order
from notifications.tables import metadata as notifications_metadata
from shared.messaging.consumers import Consumers
from shared.shop.identity.facts import ShopIdentity
from shared.shop.identity.known import KnownShop
from tests.checkout.shopper import Shopper, shop_app
from tests.notifications.conftest import sink as sink

DESK = "/desk/shop"
SECONDS = 5


def content(copy: Copy, kind: str) -> str:
    """Return one part of a mail."""
    part = copy.message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


@pytest.mark.feature("SHO-01", clause="header | thanks mail")
async def test_mails_and_pages_use_the_new_name_within_seconds(
    make_db: MakeDatabase, broker: TestBroker, keys: Keys, sink: MailSink
) -> None:
    shop_db = await make_db("checkout", checkout_metadata)
    db = await make_db("notifications", notifications_metadata)
    post = Post(db, sink, mails=Mails(SHOP, known_shop=KnownShop(ShopIdentity(SHOP.name), db=db)))
    post.sending = post.sending_as(Sender("", SHOP.mail))
    owner = Shopper(shop_app(shop_db, keys), keys)
    owner.sign_in("店長 試験", staff="owner")
    only_keep_shop = Consumers("notifications")
    only_keep_shop.all += [one for one in notifications_consumers.all if one.name == "keep_shop"]
    await post.hears(example_order())
    await post.sends()

    async with (
        running(broker, shop_db, Consumers("checkout")),
        running(broker, db, only_keep_shop),
        browser(pages_of(post, keys), noren_session=session(keys)) as staff,
    ):
        form = {"name": "茶舗のれん", "address": "東京都千代田区丸の内1-9-1", "phone": "03-1234-5678"}
        answer = await owner.sends(DESK, **await as_seen(owner.browser, DESK, form))
        assert answer.status_code == 303

        async def is_renamed() -> None:
            assert "<span>茶舗のれん<small>" in (await staff.get("/desk/mails")).text

        await eventually(is_renamed, seconds=SECONDS)

    await post.hears(example_order(order_code="N-20261122-0002"))
    await post.sends()
    before, after = post.journal
    assert before.message["From"].addresses[0].display_name == SHOP.name
    assert after.message["From"].addresses[0].display_name == "茶舗のれん"
    assert after.message["Subject"].startswith("【茶舗のれん】")
    plain, html = content(after, "plain"), content(after, "html")
    assert "このたびは茶舗のれんをご利用いただき" in plain
    assert "----\n茶舗のれん\n東京都千代田区丸の内1-9-1\n電話番号：03-1234-5678\n" in plain
    assert SHOP.name not in plain
    assert "茶舗のれん</td>" in html
