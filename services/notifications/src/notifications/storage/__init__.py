"""What notifications owns, in PostgreSQL."""
