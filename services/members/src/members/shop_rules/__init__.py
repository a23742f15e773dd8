"""What the shop decides about points and Amazon login."""
