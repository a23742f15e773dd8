"""What members see of themselves."""
