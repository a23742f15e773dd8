"""The goods on sale: the list of products, their pages, and data for search engines."""
