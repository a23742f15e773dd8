"""開店準備: what still keeps the shop from opening."""
