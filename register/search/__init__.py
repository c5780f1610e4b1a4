"""Full-text search of cases. The index proposes, the database decides what is public.

``query_parser`` parses a search into a :class:`~register.search.engine.SearchQuery`, ``document``
makes a :class:`~register.search.engine.Document` of a case, and ``matcher`` is the reference that
compares both. An engine (``whoosh``, ``postgres``) gives the same answer for all cases at once;
its index may be deleted at any time.
"""
