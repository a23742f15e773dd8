"""The business calendar: days on which the shop ships, and the delivery dates that follow from them."""
