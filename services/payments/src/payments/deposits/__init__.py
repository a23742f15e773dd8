"""Deposits that staff saw: recorded, taken back, accepted as the whole, or kept for their order instead of refunded."""
