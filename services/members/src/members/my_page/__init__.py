"""The pages that members see about themselves."""
