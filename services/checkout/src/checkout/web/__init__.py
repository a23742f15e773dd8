"""Pages for shoppers and for the order desk."""
