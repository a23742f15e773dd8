"""Refunds: which answer is about Noren's, what differs from the books, and the bookings."""
