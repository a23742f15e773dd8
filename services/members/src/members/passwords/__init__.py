"""New passwords, with the present one or by a link."""
