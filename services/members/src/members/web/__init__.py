"""The pages of members: one module and one template of the same name each."""
