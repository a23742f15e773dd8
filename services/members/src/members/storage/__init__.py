"""The tables of members and the statements on them."""
