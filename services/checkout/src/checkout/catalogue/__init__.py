"""What is sold: the shelf, the pages of products, and what search engines read of them."""
