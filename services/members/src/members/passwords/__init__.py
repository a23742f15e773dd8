"""A new password, with the present one or by a link."""
