"""Web face of the editorial pages: public pages, editor and history."""
