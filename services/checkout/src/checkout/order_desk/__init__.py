"""Orders as staff see them: work lists, one order, many orders, and the same for programs."""
