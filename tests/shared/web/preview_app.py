"""A tiny service that shows every layout and macro; the tests call it, and a person can look at it.

python -m uvicorn --factory --app-dir tests/shared/web preview_app:app --port 8199
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import APIRouter, Depends, FastAPI, Request, Response, UploadFile
from pydantic import BaseModel, Field, model_validator
from starlette.responses import JSONResponse, PlainTextResponse

from shared.errors import Refused, TryAgain
from shared.shop.statements import Issuer, Verifier
from shared.web.edge import ContentSecurity
from shared.web.fields import (
    PREFECTURES,
    Count,
    Email,
    Kana,
    Line,
    PersonName,
    Phone,
    PostalCode,
    Prefecture,
    Text,
)
from shared.web.forms import Form, read_form
from shared.web.pages import DeskPage, install_web, make_templates
from shared.web.paging import Paging
from shared.web.session import CurrentViewer, Member, Sessions, Staff, require_right, viewer

ORIGIN = "http://shop.test"
PROVIDER = "https://pay.provider.test"
MOMENT = datetime(2026, 11, 22, 5, 5, tzinfo=UTC)


class DeliverTo(BaseModel):
    name: PersonName
    kana: Kana
    email: Email
    postal_code: PostalCode
    prefecture: Prefecture
    address1: Line = Field(title="住所1")
    address2: Line = Field("", title="住所2")
    phone: Phone
    payment: Literal["amazon_pay", "konbini", "bank_transfer"] = Field(title="お支払い方法")
    newsletter: bool = Field(False, title="お知らせメールを受け取る")
    memo: Text = Field("", title="ご要望", description="のし・包装のご希望などをお書きください。")

    @model_validator(mode="after")
    def konbini_has_a_phone_for_the_till(self) -> "DeliverTo":
        if self.payment == "konbini" and not self.phone.startswith("0"):
            raise ValueError("コンビニ払いには電話番号が必要です")
        return self


class Line1(BaseModel):
    code: Line = Field(title="商品番号")
    quantity: Count = Field(title="数量")


PAYMENTS = [
    {
        "value": "amazon_pay",
        "label": "Amazon Pay",
        "hint": "Amazonに登録した住所とお支払い方法を使います",
        "aside": "手数料なし",
    },
    {
        "value": "konbini",
        "label": "コンビニ払い",
        "hint": "お支払い期限は3日です。入金を確認してから発送します",
        "aside": "¥330",
    },
    {"value": "bank_transfer", "label": "銀行振込", "disabled": True, "why": "30万円以上のご注文で選べます"},
]
GOODS = [
    {"name": "白磁の湯呑", "quantity": 2, "amount": 5_600, "note": "青・大"},
    {"name": "今治の手ぬぐい 麻の葉", "quantity": 1, "amount": 1_980},
]
STATES = [
    ("入金待ち", "wait"),
    ("入金済み", "done"),
    ("期限切れ", "stop"),
    ("新規受付", "note"),
    ("キャンセル", "plain"),
]
PEOPLE = ["佐藤 彩", "鈴木 健一", "髙橋 美咲", "田中 翔太", "山﨑 由美子"]

pages = make_templates(
    Path(__file__).parent / "preview_templates",
    desk_pages=[
        DeskPage("orders", "受注一覧", "/desk/orders"),
        DeskPage("orders", "出荷", "/desk/orders/shipping"),
        DeskPage("orders", "取り込み", "/desk/orders/import"),
        DeskPage("operations", "配信の状況", "/desk/operations"),
    ],
    globals={"desk_counts": {"/desk/orders/shipping": 12}},
)


def rows(count: int) -> list[dict[str, Any]]:
    return [
        {
            "code": f"N-261122-{index:04d}",
            "at": MOMENT - timedelta(minutes=37 * index),
            "name": PEOPLE[index % 5],
            "method": ["Amazon Pay", "コンビニ払い", "代金引換"][index % 3],
            "state": STATES[index % 5],
            "total": 12_800 + 1_730 * index,
        }
        for index in range(1, count + 1)
    ]


shop = APIRouter(dependencies=[Depends(viewer)])


@shop.get("/")
async def show_front(request: Request) -> Response:
    return pages.render(request, "front.html", goods=GOODS)


@shop.get("/order/address")
async def show_address(request: Request) -> Response:
    form = Form(DeliverTo, {"name": "佐藤 彩", "payment": "amazon_pay"})
    return pages.render(
        request, "address.html", form=form, prefectures=PREFECTURES, goods=GOODS, payments=PAYMENTS
    )


@shop.post("/order/address")
async def save_address(request: Request) -> Response:
    form = await read_form(request, DeliverTo)
    if not form.errors and form.value.name == "在庫 無":
        form.refuse(Refused("sold_out", "「白磁の湯呑」の在庫が足りません", field="lines"))
    if not form.errors:
        return pages.redirect(request, "/order/done", toast="お届け先を保存しました")
    return pages.render(
        request,
        "address.html",
        status=422,
        form=form,
        prefectures=PREFECTURES,
        goods=GOODS,
        payments=PAYMENTS,
    )


@shop.get("/order/done")
async def show_done(request: Request) -> Response:
    return pages.render(request, "done.html")


@shop.get("/order/wait")
async def show_wait(request: Request) -> Response:
    return pages.wait(request, title="お支払いを確認しています", text="Amazonからの返事を待っています。")


@shop.get("/cart/amounts")
async def show_amounts(request: Request) -> Response:
    return pages.fragment(request, "front.html", "amounts", goods=GOODS)


@shop.get("/members/mypage")
async def show_my_page(request: Request, member: Member) -> Response:
    return PlainTextResponse(member.name)


desk = APIRouter()


@desk.get("/desk/orders")
async def list_orders(request: Request, staff: Staff, asked: Paging, sort: str = "-at") -> Response:
    return pages.render(request, "desk_orders.html", rows=rows(24), page=asked.of(1_204), sort=sort)


@desk.get("/desk/orders/empty")
async def list_nothing(request: Request, staff: Staff, asked: Paging) -> Response:
    return pages.render(request, "desk_orders.html", rows=[], page=asked.of(0), sort="-at")


@desk.get("/desk/orders/{code}")
async def show_order(request: Request, staff: Staff, code: str) -> Response:
    return pages.render(request, "desk_order.html", code=code, goods=GOODS, at=MOMENT)


@desk.post("/desk/orders/ship")
async def ship_orders(request: Request, staff: Staff) -> Response:
    return pages.redirect(request, "/desk/orders", toast="発送済みにしました")


@desk.get("/desk/refunds")
async def list_refunds(staff: Annotated[Any, Depends(require_right("export"))]) -> Response:
    return PlainTextResponse("ok")


odd = APIRouter()


@odd.get("/broken")
async def break_down() -> Response:
    raise RuntimeError("SELECT secret FROM cards")


@odd.get("/database-away")
async def miss_the_database() -> Response:
    raise ConnectionRefusedError("postgres://secret@db")


@odd.get("/refused")
async def refuse() -> Response:
    raise Refused("sold_out", "「白磁の湯呑」の在庫が足りません", field="quantity", status=409)


@odd.get("/busy")
async def be_busy() -> Response:
    raise TryAgain("order N-1 is locked")


@odd.get("/numbers/{number}")
async def show_number(number: int, size: int = 1) -> Response:
    return PlainTextResponse(str(number * size))


@odd.post("/api/preview/lines")
async def add_line(line: Line1) -> Response:
    return JSONResponse(line.model_dump())


@odd.post("/api/preview/upload")
async def upload(file: UploadFile) -> Response:
    return PlainTextResponse(str(len(await file.read())))


@odd.post("/payments/notices/provider")
async def hear_notice(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


@odd.get("/api/preview/me")
async def say_who(viewer: CurrentViewer) -> Response:
    return JSONResponse({"name": viewer.name, "staff": viewer.staff, "signed_in": viewer.signed_in})


@odd.get("/api/preview/member")
async def need_member(member: Member) -> Response:
    return JSONResponse({"name": member.name})


issuer = Issuer("members", Ed25519PrivateKey.generate())
ended: set[str] = set()


async def is_revoked(session_id: str, member_id: str, issued_at: datetime) -> bool:
    return session_id in ended


def session_for(name: str, *, staff: str | None = None, session_id: str = "s-1", **more: float) -> str:
    """A session statement as members would issue it."""
    claims = {"sub": "m-1", "sid": session_id, "name": name, "staff": staff, "amazon_linked": False, **more}
    return issuer.issue("session", claims, valid_for=timedelta(hours=8))


def make_app(*, secure: bool = False, everybody: str | None = None) -> FastAPI:
    """The preview service. With `everybody`, each request is that person's, for looking at pages."""
    app = FastAPI()
    for router in (shop, desk, odd):
        app.include_router(router)
    install_web(
        app,
        pages,
        Sessions(Verifier({"keys": [issuer.public_jwk()]}), is_revoked),
        origin=ORIGIN,
        secure=secure,
        csrf_exempt=["/payments/notices/"],
        content_security=ContentSecurity(form_action=[PROVIDER]),
    )
    if everybody:
        app.state.sessions = Everybody(everybody)
    return app


class Everybody(Sessions):
    """Signs every request in as one member of staff."""

    def __init__(self, name: str) -> None:
        super().__init__(Verifier({"keys": [issuer.public_jwk()]}), is_revoked)
        object.__setattr__(self, "token", session_for(name, staff="owner"))

    async def viewer_from(self, token: str | None) -> Any:
        return await super().viewer_from(getattr(self, "token", None))


def app() -> FastAPI:
    """For `uvicorn --factory`: everybody is staff."""
    return make_app(everybody="店長 佐々木")
