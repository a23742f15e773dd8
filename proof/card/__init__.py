"""A card that any provider could have: a gateway that keeps a ledger, and the method that speaks to it.

The method is a folder beside the shop's own; `proof.card.payments_with_card` is payments with this folder.
"""

KIND = "proof_card"
