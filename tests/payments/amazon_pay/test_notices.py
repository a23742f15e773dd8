"""Notices are believed only when Amazon signed them, and nothing is fetched before that is possible."""

import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest

from harness.eventually import eventually
from payments.methods.amazon_pay.method import AmazonPay
from payments.methods.amazon_pay.notices import NoticeReader
from payments.methods.amazon_pay.settings import AmazonPaySettings
from payments.methods.amazon_pay.simulator.ipn import CERTIFICATE_PATH, make_sealer
from payments.methods.method import NoticeRefused, Shop
from payments.payment.rules.answers import Chargeback
from shared.clock import clock, now


class Inbox:
    """An endpoint that keeps what is posted to it; `statuses` are answered in turn, then 200."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.statuses: list[int] = []
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                inbox.bodies.append(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(inbox.statuses.pop(0) if inbox.statuses else 200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Stay quiet."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/notices"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def envelopes(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.bodies]


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    inbox = Inbox()
    yield inbox
    inbox.server.shutdown()
    inbox.server.server_close()


@pytest.fixture
def signature_version() -> str:
    return "1"


@pytest.fixture
def amazon(start_amazon: Any, inbox: Inbox, signature_version: str) -> Any:
    return start_amazon(notice_url=inbox.url, signature_version=signature_version)


@pytest.fixture
async def reader(settings: AmazonPaySettings) -> AsyncIterator[NoticeReader]:
    async with httpx.AsyncClient() as http:
        yield NoticeReader(settings, http)


async def first(inbox: Inbox, count: int = 1) -> bytes:
    """The last of the first `count` bodies, once they came."""

    def arrived() -> bytes:
        assert len(inbox.bodies) >= count
        return inbox.bodies[count - 1]

    body: bytes = await eventually(arrived)
    return body


async def refusal(reader: NoticeReader, envelope: dict[str, Any]) -> tuple[int, str]:
    """How the reader refuses."""
    with pytest.raises(NoticeRefused) as caught:
        await reader.read(json.dumps(envelope).encode())
    return caught.value.status, caught.value.code


@pytest.mark.parametrize("signature_version", ["1", "2"])
async def test_a_genuine_notice_names_the_object(
    reader: NoticeReader, inbox: Inbox, authorize: Any, signature_version: str
) -> None:
    charge_id = (await authorize()).charge_id
    envelope, hint = await reader.read(await first(inbox))

    assert envelope.signature_version == signature_version
    assert hint is not None
    assert (hint.object_type, hint.object_id) == ("CHARGE", charge_id)


async def test_the_certificate_is_fetched_once(reader: NoticeReader, inbox: Inbox, authorize: Any) -> None:
    await authorize()
    body = await first(inbox)
    await reader.read(body)
    gone = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(500)))

    offline = NoticeReader(reader.settings, gone, reader.certificates)

    assert await offline.read(body) == await reader.read(body)


async def test_a_changed_notice_is_refused(reader: NoticeReader, inbox: Inbox, authorize: Any) -> None:
    await authorize()
    envelope = json.loads(await first(inbox))
    changed = envelope | {"Message": envelope["Message"].replace("CHARGE", "REFUND", 1)}

    assert await refusal(reader, changed) == (400, "signature")
    assert await refusal(reader, envelope | {"SignatureVersion": "3"}) == (400, "unreadable")
    assert await refusal(reader, {k: v for k, v in envelope.items() if k != "Type"}) == (400, "unreadable")
    other_version = {"1": "2", "2": "1"}[envelope["SignatureVersion"]]
    assert await refusal(reader, envelope | {"SignatureVersion": other_version}) == (400, "signature")


@pytest.mark.parametrize(
    ("button", "answer"),
    [("notice_forged", (400, "signature")), ("notice_wrong_topic", (403, "unknown_topic"))],
)
async def test_a_forged_notice_is_refused(
    amazon: Any, reader: NoticeReader, inbox: Inbox, authorize: Any, button: str, answer: tuple[int, str]
) -> None:
    charge_id = (await authorize()).charge_id
    await first(inbox)
    amazon.console(charge_id, button)

    assert await refusal(reader, json.loads(await first(inbox, 2))) == answer


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.ap-northeast-1.amazonaws.com/SimpleNotificationService-0abc.pem",
        "https://sns.ap-northeast-1.amazonaws.com.evil.example/SimpleNotificationService-0abc.pem",
        "https://sns.x.amazonaws.com.evil/SimpleNotificationService-0abc.pem",
        "https://user@sns.ap-northeast-1.amazonaws.com/SimpleNotificationService-0abc.pem",
        "https://sns.ap-northeast-1.amazonaws.com:444/SimpleNotificationService-0abc.pem",
        "https://sns.ap-northeast-1.amazonaws.com/SimpleNotificationService-0abc.pem?x=1",
        "https://sns.ap-northeast-1.amazonaws.com/SimpleNotificationService-0abc.pem#x",
        "https://sns.ap-northeast-1.amazonaws.com/bucket/SimpleNotificationService-0abc.pem",
        "https://sns-bucket.s3.amazonaws.com/SimpleNotificationService-0abc.pem",
        "https://sns.ap-northeast-1.amazonaws.com/SimpleNotificationService-0abc.pem\n",
        "https://sns.ap-northeast-1.amazonaws.com/..%2fSimpleNotificationService-0abc.pem",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0abc.pem",
        "https://sns.ap-northeast-1.amazonaws.com.cn/SimpleNotificationService-0abc.pem",
    ],
)
async def test_nothing_is_fetched_from_a_foreign_certificate_address(
    settings: AmazonPaySettings, inbox: Inbox, authorize: Any, url: str
) -> None:
    await authorize()
    envelope = json.loads(await first(inbox)) | {"SigningCertURL": url}
    fetched: list[str] = []

    def fetch(request: httpx.Request) -> httpx.Response:
        fetched.append(str(request.url))
        return httpx.Response(200)

    async with httpx.AsyncClient(transport=httpx.MockTransport(fetch)) as http:
        live = settings.model_copy(update={"url": "https://pay-api.amazon.jp"})
        assert await refusal(NoticeReader(live, http), envelope) == (400, "certificate_url")
        assert await refusal(NoticeReader(settings, http), envelope) == (400, "certificate_url")
        good = "https://sns.ap-northeast-1.amazonaws.com" + CERTIFICATE_PATH
        await refusal(NoticeReader(live, http), envelope | {"SigningCertURL": good})
    assert fetched == [good]


async def test_an_unreachable_certificate_makes_the_sender_come_again(
    settings: AmazonPaySettings, inbox: Inbox, authorize: Any
) -> None:
    await authorize()
    transport = httpx.MockTransport(lambda _: httpx.Response(404))
    async with httpx.AsyncClient(transport=transport) as http:
        answer = await refusal(NoticeReader(settings, http), json.loads(await first(inbox)))

    assert answer == (503, "certificate_unreachable")


async def test_a_certificate_that_is_not_there_is_tried_once_a_minute(
    settings: AmazonPaySettings, inbox: Inbox, authorize: Any
) -> None:
    await authorize()
    envelope = json.loads(await first(inbox))
    fetched: list[str] = []

    def fetch(request: httpx.Request) -> httpx.Response:
        fetched.append(str(request.url))
        return httpx.Response(404)

    async with httpx.AsyncClient(transport=httpx.MockTransport(fetch)) as http:
        reader = NoticeReader(settings, http)
        for _ in range(3):
            assert await refusal(reader, envelope) == (503, "certificate_unreachable")
        assert len(fetched) == 1
        for number in range(30):
            url = f"{settings.url}/SimpleNotificationService-{number:04x}.pem"
            assert await refusal(reader, envelope | {"SigningCertURL": url}) == (
                503,
                "certificate_unreachable",
            )
        assert len(fetched) == 20
        clock.move(timedelta(minutes=1))
        await refusal(reader, envelope)
    assert len(fetched) == 21


async def test_a_notice_is_sent_again_until_it_is_taken(amazon: Any, inbox: Inbox, authorize: Any) -> None:
    inbox.statuses = [503, 500]
    await authorize()
    await first(inbox, 3)

    assert len({envelope["MessageId"] for envelope in inbox.envelopes()}) == 1
    await eventually(lambda: amazon.notices()[0]["state"] == "delivered")


@pytest.mark.parametrize(("behaviour", "count"), [("notice_twice", 2), ("notice_never", 0)])
async def test_notices_come_twice_or_never_when_asked_for(
    amazon: Any, client: Any, inbox: Inbox, authorize: Any, behaviour: str, count: int
) -> None:
    charge_id = (await authorize(behaviour=f"notice:{behaviour}")).charge_id
    await client.capture(charge_id, 5480, key="later")
    await eventually(lambda: any(row["state"] == "delivered" for row in amazon.notices()))
    sent = amazon.notices()[:count] if count else amazon.notices()[:1]

    assert {row["object_id"] for row in sent} == {charge_id}
    assert len({row["message_id"] for row in sent}) == 1
    assert [row["state"] == "withheld" for row in sent] == [count == 0] * len(sent)


async def test_an_early_notice_comes_before_the_answer(inbox: Inbox, authorize: Any) -> None:
    await authorize(behaviour="notice:notice_early")

    assert len(inbox.bodies) == 1  # it was delivered while we still waited for the answer


async def test_without_the_notification_function_nothing_is_sent(
    amazon: Any, inbox: Inbox, authorize: Any
) -> None:
    amazon.submit("/console/notices", notices="off")
    await authorize()

    assert [row["state"] for row in amazon.notices()] == ["not configured"]
    assert inbox.bodies == []


# ---------- genuine, and strange ----------


@pytest.fixture
async def method(settings: AmazonPaySettings) -> AsyncIterator[AmazonPay]:
    method = AmazonPay(
        settings, Shop(origin_url="https://shop.example.jp", sandbox=True), httpx.AsyncClient()
    )
    yield method
    await method.close()


@pytest.fixture
def signed(amazon: Any) -> Callable[..., bytes]:
    """A notice that Amazon really signed, saying whatever it is told to."""

    def make(message: str, message_id: str = "0b6a1c3e") -> bytes:
        sealer = make_sealer(amazon.settings)
        row = {"at": now().isoformat(), "message_id": message_id, "message": message, "flavour": "good"}
        return json.dumps(sealer.envelope(row)).encode()  # type: ignore[arg-type]

    return make


def about(kind: str, object_id: str, permission: str = "S03-1234567-7654321") -> str:
    return json.dumps({"ObjectType": kind, "ObjectId": object_id, "ChargePermissionId": permission})


@pytest.mark.parametrize(
    "message",
    [
        about("CHARGE", "S03\x00"),
        about("CHARGE", "S03\ud800"),
        about("CHARGE", "S" * 60_000),
        about("CHARGE", "S03-1", permission="P" * 60_000),
        about("CH\x00ARGE", "S03-1"),
        "[]",
        "no json",
    ],
)
async def test_a_genuine_notice_that_nobody_can_read_is_refused_once(
    method: AmazonPay, signed: Any, message: str
) -> None:
    with pytest.raises(NoticeRefused) as caught:
        await method.read_notice({}, signed(message))

    assert (caught.value.status, caught.value.code) == (400, "unreadable_message")
    assert caught.value.genuine


async def test_a_long_id_of_a_genuine_notice_is_taken_as_it_is(method: AmazonPay, signed: Any) -> None:
    notice = await method.read_notice({}, signed(about("CHARGE", "S03-1"), message_id="m" * 60_000))

    assert notice.notice_id == "m" * 60_000


async def test_the_notice_of_a_refund_names_it_for_the_look(method: AmazonPay, signed: Any) -> None:
    refund = "S03-1234567-7654321-R000001"

    notice = await method.read_notice({}, signed(about("REFUND", refund)))

    assert notice.refs == {f"refund_{refund}": refund}
    assert notice.reference == "S03-1234567-7654321"
    assert notice.known


async def test_a_kind_that_we_do_not_know_is_told_apart(method: AmazonPay, signed: Any) -> None:
    notice = await method.read_notice({}, signed(about("MERCHANT_ACCOUNT", "S03-1234567-7654321-X000001")))

    assert (notice.known, notice.reference) == (False, "S03-1234567-7654321")


async def test_a_chargeback_calls_with_the_amount_of_its_charge(
    amazon: Any, client: Any, method: AmazonPay, authorize: Any, signed: Any
) -> None:
    charge = await authorize(amount=1000)
    charge_id, permission = charge.charge_id, charge.charge_permission_id
    await client.capture(charge_id, 1000, key="taken")

    notice = await method.read_notice({}, signed(about("CHARGEBACK", charge_id, permission)))

    assert notice.alert == Chargeback(reference=charge_id, amount=1000)
    assert notice.known
    unknown = await method.read_notice({}, signed(about("CHARGEBACK", "S03-0000000-0000000-C000000")))
    assert unknown.alert == Chargeback(reference="S03-0000000-0000000-C000000", amount=0)


async def test_a_chargeback_of_another_permissions_charge_is_for_staff(
    amazon: Any, method: AmazonPay, authorize: Any, signed: Any
) -> None:
    mine, others = await authorize(amount=1000), await authorize(amount=5000)
    told = about("CHARGEBACK", others.charge_id, mine.charge_permission_id)

    notice = await method.read_notice({}, signed(told))

    assert (notice.reference, notice.alert, notice.known) == (None, None, False)
    assert notice.summary == f"チャージバック {others.charge_id}"


async def test_a_chargeback_that_cannot_be_looked_at_comes_again(
    amazon: Any, method: AmazonPay, signed: Any
) -> None:
    amazon.trouble("get:error_503")

    with pytest.raises(NoticeRefused) as caught:
        await method.read_notice({}, signed(about("CHARGEBACK", "S03-1234567-7654321-C000001")))

    assert caught.value.status == 503
