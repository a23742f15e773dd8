"""ご注文の確認: a guest finds an order by its code or 受付番号, together with a contact of the order."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import AfterValidator, BaseModel, Field
from starlette.responses import Response

from checkout.my_orders.look_up_order import look_up_order
from checkout.my_orders.rows import page_key_of
from checkout.orders.browser import keep_opened
from checkout.orders.rules.code import typed_code
from shared.clock import now
from shared.errors import Refused
from shared.text.widths import half_width
from shared.web.client_address import counted_as
from shared.web.fields import Line
from shared.web.forms import Form, read_form
from shared.web.parts import CurrentParts
from shared.web.session import viewer

router = APIRouter(dependencies=[Depends(viewer)], include_in_schema=False)

PAGE = "/orders/find"
NOT_FOUND = "番号と、メールアドレスまたは電話番号の組み合わせが見つかりません。入力内容をご確認ください。"


class LookUpFields(BaseModel):
    """The fields for a guest: the code of an order, and its e-mail address or telephone number."""

    code: Annotated[Line, AfterValidator(lambda text: typed_code(half_width(text)))] = Field(
        title="注文番号または受付番号",
        min_length=1,
        max_length=40,
        description="メールの件名または本文に記載されています。",
    )
    contact: Line = Field(title="メールアドレスまたは電話番号", min_length=1, max_length=254)


@router.get(PAGE)
async def ask_for_order(request: Request, parts: CurrentParts) -> Response:
    """Show the form."""
    return parts.pages.render(request, "order_look_up.html", form=Form(LookUpFields))


@router.post(PAGE)
async def find_order(request: Request, parts: CurrentParts) -> Response:
    """Open the order in this browser. An unknown code and a wrong contact get the same response."""
    form = await read_form(request, LookUpFields)
    if not form.errors:
        code, contact = form.value.code, form.value.contact
        try:
            async with parts.db.transaction() as tx:
                found = await look_up_order(
                    tx, code=code, contact=contact, client_address=counted_as(request), at=now()
                )
                key = await page_key_of(tx, found) if found is not None else None
        except Refused as refused:
            form.refuse(refused)
            return parts.pages.render(request, "order_look_up.html", status=refused.status, form=form)
        if found is not None:
            response = parts.pages.redirect(request, f"/orders/{found}")
            keep_opened(parts, request, response, found, key=key or "")
            return response
        form.refuse(Refused("order_not_found", NOT_FOUND, status=422))
    return parts.pages.render(request, "order_look_up.html", status=422, form=form)
