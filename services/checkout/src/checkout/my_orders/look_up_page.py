"""ご注文の確認: a guest finds an order again by its code, or its 受付番号, and what was given with it."""

import hmac
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import AfterValidator, BaseModel, Field
from starlette.responses import Response

from checkout.my_orders.look_ups import count_look_up
from checkout.my_orders.rows import read_contact
from checkout.orders.code import typed_code
from checkout.shop.storefront import Shop, show_from_now_on
from shared.clock import now
from shared.database import Tx
from shared.errors import Refused
from shared.web.client_address import counted_as
from shared.web.fields import Line
from shared.web.forms import Form, read_form
from shared.web.session import viewer
from shared.widths import half_width

router = APIRouter(dependencies=[Depends(viewer)], include_in_schema=False)

PAGE = "/orders/find"
NOT_FOUND = "番号と、メールアドレスまたは電話番号の組み合わせが見つかりません。入力内容をご確認ください。"


class LookUpFields(BaseModel):
    """What a guest knows of an order: its code, and the e-mail address or the telephone number given with it."""

    code: Annotated[Line, AfterValidator(lambda text: typed_code(half_width(text)))] = Field(
        title="注文番号または受付番号",
        min_length=1,
        max_length=40,
        description="メールの件名または本文に記載されています。",
    )
    contact: Line = Field(title="メールアドレスまたは電話番号", min_length=1, max_length=254)


@router.get(PAGE)
async def ask_for_order(request: Request, shop: Shop) -> Response:
    """Show the form."""
    return shop.pages.render(request, "order_look_up.html", form=Form(LookUpFields))


@router.post(PAGE)
async def find_order(request: Request, shop: Shop) -> Response:
    """Open the order in this browser; the same answer for an unknown code and for one of somebody else."""
    form = await read_form(request, LookUpFields)
    if not form.errors:
        code, contact = form.value.code, form.value.contact
        try:
            async with shop.db.transaction() as tx:
                await _pace(tx, code, contact, counted_as(request))
                known = await read_contact(tx, code)
        except Refused as refused:
            form.refuse(refused)
            return shop.pages.render(request, "order_look_up.html", status=refused.status, form=form)
        code, email, phone = known or (code, "", "")
        if _fits(contact, email, phone):
            response = shop.pages.redirect(request, f"/orders/{code}")
            show_from_now_on(shop, request, response, code)
            return response
        form.refuse(Refused("order_not_found", NOT_FOUND, status=422))
    return shop.pages.render(request, "order_look_up.html", status=422, form=form)


async def _pace(tx: Tx, code: str, contact: str, client_address: str) -> None:
    """Count the look-up. Raises Refused. 受付番号 follow each other, so that one contact could be tried with all."""
    await count_look_up(tx, code=code, client_address=client_address, at=now())
    if code.isdecimal():
        await count_look_up(tx, code=_plain(contact), client_address=client_address, at=now())


def _plain(contact: str) -> str:
    """Return an e-mail address or a telephone number of Japan in its one form, however it is written.

    What is counted is what is compared: another spelling is no further try.
    """
    typed = half_width(contact)
    if "@" in typed:
        return typed.lower()
    digits = "".join(letter for letter in typed if letter.isdecimal())
    return f"0{digits[2:].removeprefix('0')}" if typed.startswith("+81") else digits


def _fits(contact: str, email: str, phone: str) -> bool:
    """Tell whether ``contact`` is the e-mail address or the telephone number, however it is written."""
    typed = _plain(contact).encode()
    by_mail = hmac.compare_digest(typed, email.lower().encode()) and bool(email)
    by_phone = hmac.compare_digest(typed, phone.encode()) and bool(phone)
    return by_mail or by_phone
