"""Due work: rows with a due time, and the worker that performs them."""
