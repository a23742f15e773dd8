"""One listing at the desk: create, change, copy, hide and show it; its pictures."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from checkout.catalogue.keep_pictures import (
    GOODS_PICTURES,
    add_pictures,
    put_picture_first,
    remove_picture,
    store_picture,
)
from checkout.catalogue.labels import KINDS, TEMPERATURES
from checkout.catalogue.listing import PICTURES_MAX, Listing
from checkout.catalogue.listing_rows import read_categories, read_listing
from checkout.catalogue.save_listing import change_listing, copy_listing, create_listing, hide_listing
from checkout.product_desk.desk import PAGE
from checkout.product_desk.listing_form import (
    MORE_ROWS,
    NewSku,
    TypedListing,
    choices,
    empty_form,
    form_of,
    read_listing_form,
)
from checkout.tax.labels import TAX_CLASS_LABEL
from shared.clock import now
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.files.store import Files
from shared.web.deeds import done_by
from shared.web.forms import Form, read_form
from shared.web.parts import CurrentParts, parts_of
from shared.web.session import Viewer, needs, require_right
from shared.web.uploads import received

router = APIRouter(include_in_schema=False)

MayEdit = Annotated[Viewer, Depends(require_right("edit_products"))]


class CopyForm(BaseModel):
    """The SKU of the copy."""

    sku: NewSku


class SeenForm(BaseModel):
    """The version that the page showed."""

    version: int = Field(0, title="版")


@router.get(f"{PAGE}/new")
async def show_empty_listing(request: Request, _: MayEdit) -> Response:
    """Show the form of a new listing."""
    return await _form_page(request, empty_form(), None)


@router.post(f"{PAGE}/new")
async def save_new_listing(request: Request, parts: CurrentParts, staff: MayEdit) -> Response:
    """商品を登録する. A new listing is hidden until staff show it, so that pictures and stock can follow."""
    typed = await read_listing_form(request)
    if await _wants_rows(request):
        return await _form_page(request, typed.with_rows(MORE_ROWS), None)
    if typed.ok:
        try:
            async with parts.db.transaction() as tx:
                listing_id = await create_listing(tx, typed.details(), by=done_by(request, staff), at=now())
        except Refused as refused:
            typed.refuse(refused.field, refused.message)
        else:
            toast = f"「{typed.form.value.name}」を登録しました。画像と在庫を加えて、公開してください"
            return parts.pages.redirect(request, f"{PAGE}/{listing_id}", toast=toast)
    return await _form_page(request, typed, None, status=422)


@router.get(PAGE + "/{listing_id}", dependencies=[needs("read_stock")])
async def show_listing(request: Request, listing_id: UUID) -> Response:
    """Show the listing with its form."""
    listing = await _listing(request, listing_id)
    return await _form_page(request, form_of(listing), listing)


@router.post(PAGE + "/{listing_id}")
async def save_listing(request: Request, parts: CurrentParts, listing_id: UUID, staff: MayEdit) -> Response:
    """変更を保存する."""
    listing = await _listing(request, listing_id)
    typed = await read_listing_form(request, [one.sku for one in listing.products])
    if await _wants_rows(request):
        return await _form_page(request, typed.with_rows(MORE_ROWS), listing)
    if typed.ok:
        try:
            async with parts.db.transaction() as tx:
                changed = await change_listing(
                    tx,
                    listing_id,
                    typed.details(),
                    version=typed.form.value.version,
                    by=done_by(request, staff),
                )
        except Refused as refused:
            typed.refuse(refused.field, refused.message)
            return await _form_page(request, typed, listing, status=refused.status)
        toast = "変更を保存しました" if changed else "変更はありません"
        kind = "done" if changed else "note"
        return parts.pages.redirect(request, f"{PAGE}/{listing_id}", toast=toast, kind=kind)
    return await _form_page(request, typed, listing, status=422)


@router.post(PAGE + "/{listing_id}/copy")
async def make_copy(request: Request, parts: CurrentParts, listing_id: UUID, staff: MayEdit) -> Response:
    """コピーを作る."""
    form = await read_form(request, CopyForm)
    if not form.errors:
        try:
            async with parts.db.transaction() as tx:
                copy_id = await copy_listing(
                    tx, listing_id, sku=form.value.sku, by=done_by(request, staff), at=now()
                )
        except Refused as refused:
            if refused.field is None:
                raise
            form.refuse(refused)
        else:
            toast = "コピーを作りました。内容を変えて、公開してください"
            return parts.pages.redirect(request, f"{PAGE}/{copy_id}", toast=toast)
    listing = await _listing(request, listing_id)
    return await _form_page(request, form_of(listing), listing, copy=form, status=422)


@router.post(PAGE + "/{listing_id}/hide")
async def hide(request: Request, listing_id: UUID, staff: MayEdit) -> Response:
    """非公開にする."""
    return await _show_or_hide(request, listing_id, staff, hidden=True, toast="非公開にしました")


@router.post(PAGE + "/{listing_id}/show")
async def show(request: Request, listing_id: UUID, staff: MayEdit) -> Response:
    """公開する."""
    return await _show_or_hide(request, listing_id, staff, hidden=False, toast="公開しました")


async def _show_or_hide(
    request: Request, listing_id: UUID, staff: Viewer, *, hidden: bool, toast: str
) -> Response:
    parts, form = parts_of(request), await read_form(request, SeenForm)
    version = 0 if form.errors else form.value.version
    async with parts.db.transaction() as tx:
        by = done_by(request, staff)
        await hide_listing(tx, listing_id, hidden=hidden, version=version, by=by)
    return parts.pages.redirect(request, f"{PAGE}/{listing_id}", toast=toast)


@router.post(PAGE + "/{listing_id}/pictures/upload")
async def add(request: Request, parts: CurrentParts, listing_id: UUID, staff: MayEdit) -> Response:
    """画像を追加する."""
    path = f"{PAGE}/{listing_id}"
    await _listing(request, listing_id)
    try:
        async with received(request, "pictures", GOODS_PICTURES, label="画像") as files:
            pictures = [await store_picture(parts[Files], one) for one in files]
        async with parts.db.transaction() as tx:
            await add_pictures(tx, listing_id, pictures, by=done_by(request, staff))
    except Refused as refused:
        if refused.field is None:
            raise
        place = "pictures"
        return parts.pages.redirect(
            request, f"{path}#pictures", toast=refused.message, kind="stop", place=place
        )
    return parts.pages.redirect(request, f"{path}#pictures", toast=f"画像を{len(pictures)}枚追加しました")


@router.post(PAGE + "/{listing_id}/pictures/{picture_id}/remove")
async def remove(request: Request, listing_id: UUID, picture_id: UUID, staff: MayEdit) -> Response:
    """画像を削除する."""

    async def change(tx: Tx) -> None:
        await remove_picture(tx, listing_id, picture_id, by=done_by(request, staff))

    return await _change_pictures(request, listing_id, change, "画像を削除しました")


@router.post(PAGE + "/{listing_id}/pictures/{picture_id}/first")
async def put_first(request: Request, listing_id: UUID, picture_id: UUID, staff: MayEdit) -> Response:
    """1枚目にする."""

    async def change(tx: Tx) -> None:
        await put_picture_first(tx, listing_id, picture_id, by=done_by(request, staff))

    return await _change_pictures(request, listing_id, change, "1枚目の画像を変更しました")


async def _change_pictures(
    request: Request, listing_id: UUID, change: Callable[[Tx], Awaitable[None]], toast: str
) -> Response:
    parts = parts_of(request)
    async with parts.db.transaction() as tx:
        await change(tx)
    return parts.pages.redirect(request, f"{PAGE}/{listing_id}#pictures", toast=toast)


async def _wants_rows(request: Request) -> bool:
    return "more_rows" in await request.form()


async def _listing(request: Request, listing_id: UUID) -> Listing:
    async with parts_of(request).db.transaction() as tx:
        listing = await read_listing(tx, listing_id)
    if listing is None:
        raise Refused("listing_unknown", "この商品は見つかりません。", status=404)
    return listing


async def _form_page(
    request: Request,
    typed: TypedListing,
    listing: Listing | None,
    *,
    copy: Form[Any] | None = None,
    status: int = 200,
) -> Response:
    parts = parts_of(request)
    async with parts.db.transaction() as tx:
        categories = await read_categories(tx)
    return parts.pages.render(
        request,
        "desk_listing.html",
        status=status,
        page_path=PAGE,
        listing=listing,
        form=typed.form,
        rows=typed.rows,
        stored=typed.stored,
        copy=copy or Form(CopyForm, prefix=""),
        categories=[one.name for one in categories],
        tax_classes=choices(TAX_CLASS_LABEL),
        temperatures=choices(TEMPERATURES),
        kinds=choices(KINDS),
        pictures_max=PICTURES_MAX,
    )
