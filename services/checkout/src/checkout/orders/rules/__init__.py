"""Orders, their states and the allowed changes: pure functions and tables, no I/O."""
