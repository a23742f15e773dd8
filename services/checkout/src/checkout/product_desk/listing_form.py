"""The form of a listing: its own fields, and a row for each product."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from fastapi import Request
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from checkout.catalogue.listing import PRODUCTS_MAX, Listing, ListingDetails, ProductDetails, SaleTerms
from checkout.catalogue.rules import ProductKind, Temperature
from checkout.tax.labels import TaxClass
from shared.clock import end_of_day, in_japan, last_day
from shared.text.widths import half_width
from shared.web.fields import DayOfLists, Line, LongText, PaidYen, Pieces, wrong
from shared.web.forms import FIELDS_MAX, Form, parse_form

CATEGORIES_MAX = 10
CATEGORY_LENGTH_MAX = 40
FACTS_MAX = 30
EMPTY_ROWS = 2
MORE_ROWS = 5


def _facts(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    if any("：" not in line.replace(":", "：") for line in lines):
        raise wrong("仕様は1行に1つ、「素材：綿100％」のように入力してください")
    if len(lines) > FACTS_MAX:
        raise wrong(f"仕様は{FACTS_MAX}行以内で入力してください")
    return text


def names_in(text: str) -> list[str]:
    """Return the names of categories in ``text``, which commas separate."""
    names = text.replace(",", "、").replace("，", "、").split("、")
    return list(dict.fromkeys(name.strip() for name in names if name.strip()))


def _sku(text: str) -> str:
    if not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z._-]*", text):
        raise wrong("商品コードは半角の英数字と . _ - で入力してください")
    return text


def _categories(text: str) -> str:
    names = names_in(text)
    if len(names) > CATEGORIES_MAX:
        raise wrong(f"分類は{CATEGORIES_MAX}個以内で入力してください")
    if any(len(name) > CATEGORY_LENGTH_MAX for name in names):
        raise wrong(f"分類の名前は{CATEGORY_LENGTH_MAX}文字以内で入力してください")
    return text


class ListingForm(BaseModel):
    """The fields of a listing. Those of its products are rows."""

    version: int = Field(0, title="版")
    name: Line = Field(title="商品名", max_length=100)
    reading: Line = Field(
        "",
        title="検索用の読み",
        description="ひらがなや別の書き方。「注染手ぬぐい」なら「ちゅうせんてぬぐい」。カタカナ・半角でも見つかります。",
        max_length=200,
    )
    categories: Annotated[Line, AfterValidator(_categories)] = Field(
        "",
        title="分類",
        description="「、」で区切ります。新しい名前は、新しい分類になります。",
        max_length=200,
    )
    maker: Line = Field("", title="作り手・ブランド", max_length=60)
    summary: Line = Field(
        "", title="一言", description="商品名の下と検索結果に表示されます。", max_length=120
    )
    description: LongText = Field("", title="説明", max_length=5_000)
    facts: Annotated[LongText, AfterValidator(_facts)] = Field(
        "", title="仕様", description="1行に1つ、「素材：綿100％」のように入力します。", max_length=3_000
    )
    tax_class: TaxClass = Field("standard", title="消費税")
    temperature: Temperature = Field("ambient", title="温度帯")
    kind: ProductKind = Field("normal", title="販売の種類")
    ships_from: DayOfLists | None = Field(
        None, title="発送開始日", description="予約販売のとき、お客様に表示します。"
    )
    buyer_limit: Pieces | None = Field(
        None,
        title="お一人様の購入制限",
        description="この商品の全バリエーションの合計。空欄は制限なし。",
        ge=1,
        le=99,
    )
    prepay_excluded: bool = Field(
        False,
        title="前払いのお支払い方法を使えない商品にする",
        description="コンビニ・銀行振込などが選べなくなります。",
    )
    sale_from: DayOfLists | None = Field(None, title="販売開始日", description="空欄はすぐに販売。")
    sale_until: DayOfLists | None = Field(
        None, title="販売終了日", description="この日の終わりまで。空欄は期限なし。"
    )
    axis_1: Line = Field(
        "", title="違いの項目1", description="「色」など。バリエーションがなければ空欄。", max_length=20
    )
    axis_2: Line = Field("", title="違いの項目2", description="「サイズ」など。", max_length=20)


NewSku = Annotated[
    str,
    BeforeValidator(lambda value: half_width(value) if isinstance(value, str) else value),
    Field(title="商品コード", description="半角の英数字と . _ -", max_length=60),
    AfterValidator(_sku),
]


class ProductRow(BaseModel):
    """A row of a product. The SKU of a stored product never changes, because orders and the ledger of stock name it."""

    sku: NewSku
    value_1: Line = Field("", title="項目1の値", max_length=40)
    value_2: Line = Field("", title="項目2の値", max_length=40)
    unit_price: PaidYen = Field(title="税込価格")
    weight_grams: Pieces | None = Field(None, title="重さ(g)", ge=1, le=100_000)
    size_cm: Pieces | None = Field(None, title="3辺合計(cm)", ge=1, le=500)
    withdrawn: bool = Field(False, title="販売をやめる")


class TypedListing:
    """A submitted or a new form of a listing. ``rows`` are the forms of its products, the last ones empty."""

    def __init__(
        self, form: Form[ListingForm], rows: Sequence[Form[ProductRow]], stored: Sequence[str]
    ) -> None:
        self.form = form
        self.rows = list(rows)
        self.stored = set(stored)

    @property
    def ok(self) -> bool:
        """Return whether no field has an error."""
        return not self.form.errors and not any(row.errors for row in self.rows)

    def refuse(self, field: str | None, message: str) -> None:
        """Show a refusal at its field: of the listing, or of a row, such as ``0-sku``."""
        place, _, name = (field or "").partition("-")
        filled = [row for row in self.rows if not _is_empty(row)]
        if place.isdecimal() and int(place) < len(filled) and name in ProductRow.model_fields:
            filled[int(place)].errors[name] = message
        else:
            known = field if field in ListingForm.model_fields else ""
            self.form.errors[known or ""] = message

    def details(self) -> ListingDetails:
        """Return what the form says. All fields must be right."""
        form = self.form.value
        return ListingDetails(
            name=form.name,
            products=[ProductDetails(**row.value.model_dump()) for row in self.rows if not _is_empty(row)],
            reading=form.reading,
            maker=form.maker,
            summary=form.summary,
            description=form.description,
            facts=_facts_of(form.facts),
            axis_1=form.axis_1,
            axis_2=form.axis_2,
            categories=names_in(form.categories),
            terms=SaleTerms(
                tax_class=form.tax_class,
                temperature=form.temperature,
                kind=form.kind,
                ships_from=form.ships_from,
                buyer_limit=form.buyer_limit,
                prepay_excluded=form.prepay_excluded,
                sale_from=_begin(form.sale_from),
                sale_until=end_of_day(form.sale_until) if form.sale_until else None,
            ),
        )

    def with_rows(self, empty: int) -> "TypedListing":
        """Return the form with ``empty`` further rows."""
        first = len(self.rows)
        more = [Form(ProductRow, prefix=f"p{first + number}-") for number in range(empty)]
        return TypedListing(self.form, [*self.rows, *more][: PRODUCTS_MAX + EMPTY_ROWS], list(self.stored))


def empty_form() -> TypedListing:
    """Return the form of a new listing."""
    return TypedListing(Form(ListingForm), [], []).with_rows(EMPTY_ROWS + 1)


def form_of(listing: Listing) -> TypedListing:
    """Return the form of a stored listing."""
    details, terms = listing.details, listing.details.terms
    values: dict[str, Any] = {
        **{name: getattr(details, name) for name in ("name", "reading", "maker", "summary", "description")},
        **{name: getattr(terms, name) for name in SaleTerms.__dataclass_fields__},
        "axis_1": details.axis_1,
        "axis_2": details.axis_2,
        "version": listing.version,
        "categories": "、".join(details.categories),
        "facts": "\n".join(f"{label}：{value}" for label, value in details.facts),
        "sale_from": in_japan(terms.sale_from).date() if terms.sale_from else None,
        "sale_until": last_day(terms.sale_until) if terms.sale_until else None,
    }
    rows = [
        Form(
            ProductRow,
            {name: getattr(one, name) for name in ProductDetails.__dataclass_fields__},
            prefix=f"p{number}-",
        )
        for number, one in enumerate(details.products)
    ]
    return TypedListing(Form(ListingForm, values), rows, [one.sku for one in details.products]).with_rows(
        EMPTY_ROWS
    )


async def read_listing_form(request: Request, stored: Sequence[str] = ()) -> TypedListing:
    """Read the submitted form. Rows without any text are left out."""
    data = await request.form(max_fields=FIELDS_MAX)
    numbers = sorted({int(found) for name in data if (found := _row_number(name)) is not None})
    rows = [_row(data, number) for number in numbers[: PRODUCTS_MAX + 2 * MORE_ROWS]]
    form = parse_form(ListingForm, data)
    if not form.errors:
        first, last = form.value.sale_from, form.value.sale_until
        if first and last and last < first:
            form.errors["sale_until"] = "販売終了日は販売開始日以降にしてください"
    return TypedListing(form, rows, stored)


def _row(data: Any, number: int) -> Form[ProductRow]:
    row = parse_form(ProductRow, data, prefix=f"p{number}-")
    if _is_empty(row):
        row.errors.clear()
    return row


def _is_empty(row: Form[ProductRow]) -> bool:
    return not any(row.values.get(name) for name in ProductRow.model_fields if name != "withdrawn")


def _row_number(name: str) -> str | None:
    number, dash, field = name.removeprefix("p").partition("-")
    is_row = name.startswith("p") and dash and field in ProductRow.model_fields and number.isdecimal()
    return number if is_row and number.isascii() and len(number) <= 3 else None


def _facts_of(text: str) -> list[tuple[str, str]]:
    pairs = [line.replace(":", "：", 1).partition("：") for line in text.splitlines() if line.strip()]
    return [(label.strip(), value.strip()) for label, _, value in pairs]


def _begin(day: date | None) -> datetime | None:
    return end_of_day(day - timedelta(days=1)) if day else None


def choices(labels: Mapping[Any, str]) -> list[tuple[str, str]]:
    """Return the options of a select."""
    return list(labels.items())
