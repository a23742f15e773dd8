"""The forms of staff about a payment: checked fields, and their text in 操作の記録.

A deed with further fields has its own form, in the file of its use case.
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

NOT_SHOWN = "not shown"
"""Annotation of a field that 操作の記録 does not show. A table of labels in the annotation words a choice."""

RecordId = Annotated[str, Field(title="記録番号", max_length=64, pattern=r"^desk:[0-9a-f]{32}$"), NOT_SHOWN]
"""The id of a record that staff make. It comes with the form, so a form that is sent twice is booked once."""


class PaymentForm(BaseModel):
    """The payment as staff saw it. A deed that needs one press has no other fields."""

    model_config = ConfigDict(frozen=True)

    version: Annotated[int, Field(ge=1, title="版"), NOT_SHOWN]

    def shown_text(self) -> str:
        """Return the fields as text: amounts in yen, days, reasons as staff typed them; "" if there are none."""
        fields = type(self).model_fields
        return "、".join(
            f"{fields[name].title or name} {_in_words(fields[name], value)}"
            for name, value in self
            if NOT_SHOWN not in fields[name].metadata and value not in (None, "")
        )


class OneObject(PaymentForm):
    """The record or the provider's object that a deed is about."""

    ref: str = Field(title="記録番号", max_length=200)


def _in_words(info: FieldInfo, value: object) -> str:
    if isinstance(value, int):
        return f"¥{value:,}"
    labels = next((one for one in info.metadata if isinstance(one, Mapping)), {})
    return str(labels.get(value, value))
