"""Due work: rows with a due time, and who does them."""
