"""The pages of members at the desk."""
