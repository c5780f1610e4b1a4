"""What is sent online about a case, on the desk."""
