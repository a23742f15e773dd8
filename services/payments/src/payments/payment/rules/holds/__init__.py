"""Holds on the buyer's money: the end of Noren's own, and those of others on the same agreement."""
