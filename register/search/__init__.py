"""Full-text search of cases. The index proposes, the database decides what is public.

``query_parser`` parses a search into a ``SearchQuery``, ``document`` makes a ``Document`` of a
case, and ``reference_matcher`` compares both. An engine (``whoosh``, ``postgres``) gives the same
answer for all cases at once; its index may be deleted at any time.
"""
