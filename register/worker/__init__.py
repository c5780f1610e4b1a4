"""What follows the journal: each compares with the present, so that following twice is harmless."""
