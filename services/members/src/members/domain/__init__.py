"""The rules of members and points, without any I/O."""
