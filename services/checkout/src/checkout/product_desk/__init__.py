"""商品: products at the desk: the list, one listing with its pictures and variants, categories."""
