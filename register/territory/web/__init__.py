"""Web face of the territory: place pages, place choice and autocomplete."""
