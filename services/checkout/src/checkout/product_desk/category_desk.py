"""商品の分類: add, rename, order and delete categories."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from checkout.catalogue.arrange_categories import (
    add_category,
    delete_category,
    move_category_up,
    rename_category,
)
from checkout.catalogue.listing_rows import read_categories
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.web.deeds import done_by
from shared.web.fields import Line
from shared.web.forms import Form, read_form
from shared.web.parts import CurrentParts, parts_of
from shared.web.session import Viewer, needs, require_right

router = APIRouter(include_in_schema=False)

PATH = "/desk/products/categories"
MayEdit = Annotated[Viewer, Depends(require_right("edit_products"))]


class CategoryForm(BaseModel):
    """The name of a category."""

    name: Line = Field(title="分類の名前", max_length=40)


@router.get(PATH, dependencies=[needs("read_stock")])
async def list_categories(request: Request) -> Response:
    """Show the categories in the shop's order."""
    return await _page(request)


@router.post(PATH)
async def save_category(request: Request, staff: MayEdit) -> Response:
    """分類を追加する."""
    form = await read_form(request, CategoryForm)
    by = done_by(request, staff)
    return await _change(
        request, form, lambda tx: add_category(tx, form.value.name, by=by), "分類を追加しました"
    )


@router.post(PATH + "/{category_id}")
async def save_name(request: Request, category_id: UUID, staff: MayEdit) -> Response:
    """名前を変える."""
    form = await read_form(request, CategoryForm, prefix=f"{category_id}-")
    by = done_by(request, staff)
    return await _change(
        request,
        form,
        lambda tx: rename_category(tx, category_id, form.value.name, by=by),
        "分類の名前を変えました",
    )


@router.post(PATH + "/{category_id}/up")
async def move_up(request: Request, parts: CurrentParts, category_id: UUID, staff: MayEdit) -> Response:
    """上へ."""
    async with parts.db.transaction() as tx:
        await move_category_up(tx, category_id, by=done_by(request, staff))
    return parts.pages.redirect(request, PATH)


@router.post(PATH + "/{category_id}/delete")
async def delete(request: Request, parts: CurrentParts, category_id: UUID, staff: MayEdit) -> Response:
    """削除."""
    async with parts.db.transaction() as tx:
        await delete_category(tx, category_id, by=done_by(request, staff))
    return parts.pages.redirect(request, PATH, toast="分類を削除しました")


async def _change(
    request: Request, form: Form[CategoryForm], change: Callable[[Tx], Awaitable[None]], toast: str
) -> Response:
    parts = parts_of(request)
    if form.errors:
        return await _page(request, form, status=422)
    try:
        async with parts.db.transaction() as tx:
            await change(tx)
    except Refused as refused:
        if refused.field is None:
            raise
        form.refuse(refused)
        return await _page(request, form, status=422)
    return parts.pages.redirect(request, PATH, toast=toast)


async def _page(request: Request, typed: Form[CategoryForm] | None = None, *, status: int = 200) -> Response:
    parts = parts_of(request)
    async with parts.db.transaction() as tx:
        categories = await read_categories(tx)
    forms = {
        one.category_id: Form(CategoryForm, {"name": one.name}, prefix=f"{one.category_id}-")
        for one in categories
    }
    new = Form(CategoryForm)
    for category_id, form in list(forms.items()):
        if typed is not None and typed.prefix == form.prefix:
            forms[category_id] = typed
    if typed is not None and not typed.prefix:
        new = typed
    return parts.pages.render(
        request,
        "desk_categories.html",
        status=status,
        path_of=PATH,
        categories=categories,
        forms=forms,
        new=new,
    )
