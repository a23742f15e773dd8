"""Links with Amazon accounts."""
