"""Import of cases from CSV, and the case file that a member takes out."""
