"""What is sent online about a public case: rights of reply, and what is sealed beside them."""
