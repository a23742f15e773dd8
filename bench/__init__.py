"""The benchmark: `make bench` runs the whole product under load and prints what it measured as JSON."""
