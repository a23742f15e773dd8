"""What staff ask for about a payment: checked fields, and how the record of deeds tells them. A deed that asks for more than
the payment has a form of its own beside its use case."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

UNTOLD = "untold"
"""In a field's annotation: the record of deeds does not tell it. A table of labels there has the words of what is chosen."""

RecordId = Annotated[str, Field(title="記録番号", max_length=64, pattern=r"^desk:[0-9a-f]{32}$"), UNTOLD]
"""The id of a record that staff make. It comes with the form: sent twice, booked once."""


class PaymentForm(BaseModel):
    """The payment as staff saw it: all that a deed of one press asks for."""

    model_config = ConfigDict(frozen=True)

    version: Annotated[int, Field(ge=1, title="版"), UNTOLD]

    def told(self) -> str:
        """Return in words what was asked for: amounts in yen, days, reasons as staff typed them; "" where that is nothing."""
        fields = type(self).model_fields
        return "、".join(
            f"{fields[name].title or name} {_in_words(fields[name], value)}"
            for name, value in self
            if UNTOLD not in fields[name].metadata and value not in (None, "")
        )


class TakeBack(PaymentForm):
    """Take back a record of money that staff wrote down."""

    ref: str = Field(title="記録番号", max_length=200)


def _in_words(info: FieldInfo, value: object) -> str:
    if isinstance(value, int):
        return f"¥{value:,}"
    labels = next((one for one in info.metadata if isinstance(one, Mapping)), {})
    return str(labels.get(value, value))
