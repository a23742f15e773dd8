"""The registration of members."""
