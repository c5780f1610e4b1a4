"""Cases by their words. The index proposes, the database disposes.

A search is read by ``language`` into an :class:`~register.search.engine.Asked`; a case is
told by ``document`` as a :class:`~register.search.engine.Document`. ``judge`` says what
the one means for the other; an engine (``whoosh``, ``postgres``) gives the same answer for all
cases at once, and may be thrown away at any moment.
"""
