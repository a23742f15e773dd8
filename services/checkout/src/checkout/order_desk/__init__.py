"""The order desk for staff: work lists, one order, many orders, and the same as an API for programs."""
