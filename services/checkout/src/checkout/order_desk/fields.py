"""Fields of the order desk's forms and API."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from shared.shop.carriers import CARRIERS, carrier_called, plain_number
from shared.web.fields import Line, wrong


def _tracking_number(text: str) -> str:
    number = plain_number(text)
    if not re.fullmatch(r"[0-9A-Z]*", number):
        raise wrong("送り状番号は英数字とハイフンで入力してください")
    return number


TrackingNumber = Annotated[
    str,
    Field(title="送り状番号", max_length=40, json_schema_extra={"pattern": "^[0-9A-Za-z-]*$"}),
    AfterValidator(_tracking_number),
]


_CODE = re.compile("[a-z_]+")


def _carrier(text: str) -> str:
    """Check a carrier.

    A value in the form of a code must be a known code. Otherwise a typing error would reach the buyer as a name.
    """
    code = carrier_called(text).code
    if code not in CARRIERS and _CODE.fullmatch(code):
        raise wrong(f"配送会社のコードは {'、'.join(CARRIERS)} のいずれかを入力してください")
    return code


CarrierText = Annotated[
    Line,
    Field(
        title="配送会社",
        max_length=40,
        description=f"A code ({', '.join(CARRIERS)}), or the name of another carrier",
        examples=list(CARRIERS),
        json_schema_extra={"pattern": rf"^({'|'.join(CARRIERS)}|[ぁ-ゖァ-ヺー一-鿿]+)?$"},
    ),
    AfterValidator(_carrier),
]
CARRIER_OPTIONS = [(carrier.code, carrier.name) for carrier in CARRIERS.values()]


# Refuses a code that PostgreSQL cannot store. An address that cannot exist is a missing page.
OrderCode = Annotated[
    str, Field(title="受注コード", min_length=1, max_length=40, pattern=r"^[0-9A-Za-z_-]+$")
]
