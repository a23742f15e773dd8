"""Ways to ask providers with a bug."""

from uuid import UUID

from payments.payment.rules.answers import Answer, CaptureDeclined, Declined, RefundDeclined, Unknown, Voided
from payments.payment.rules.moves import MoneyOperation
from payments.payment.rules.payment import Payment
from payments.requests.provider_gate import ProviderGate
from shared.ids import new_id


class NewKeys(ProviderGate):
    """Gives every call a key of its own."""

    async def make(self, operation: MoneyOperation, payment: Payment, *, amount: int, key: str) -> Answer:
        """Ask with a new key."""
        return await super().make(operation, payment, amount=amount, key=new_id().hex)


class LongKeys(ProviderGate):
    """Gives the key in the form that has dashes: 36 characters, where Amazon takes 32."""

    async def make(self, operation: MoneyOperation, payment: Payment, *, amount: int, key: str) -> Answer:
        """Ask with a key that is too long."""
        return await super().make(operation, payment, amount=amount, key=str(UUID(key)))


class ForgetsLateHolds(ProviderGate):
    """Takes a hold that is not there yet for one that will never be."""

    async def make(self, operation: MoneyOperation, payment: Payment, *, amount: int, key: str) -> Answer:
        """Void; where no charge is known, nothing."""
        if operation == "void" and payment.state == "voided":
            return Voided()
        return await super().make(operation, payment, amount=amount, key=key)


class TimeoutIsFailure(ProviderGate):
    """Takes no answer for a no."""

    async def make(self, operation: MoneyOperation, payment: Payment, *, amount: int, key: str) -> Answer:
        """Ask; silence is a refusal."""
        answer = await super().make(operation, payment, amount=amount, key=key)
        if not isinstance(answer, Unknown):
            return answer
        match operation:
            case "capture":
                return CaptureDeclined(reason=answer.reason)
            case "refund":
                return RefundDeclined(reason=answer.reason)
        return Declined(reason="provider_error")
