"""Worker process: journal followers, which compare with the database and so can repeat safely."""
