"""The effects of an order on its payment: what the events of an order mean, and the units of work that carry it out."""
