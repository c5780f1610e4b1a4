"""Public pages of the cases: lists, case, statistics, citations, cards, sitemap."""
