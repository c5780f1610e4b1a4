"""``make docs``: the pages of docs/ as a small static site, with the look of the register itself.

``rooms`` says which pages there are and in which order, ``reading`` makes HTML of one, ``links``
rewrites and checks what they point at, ``gallery`` shows the components of the style page as the
register's own templates write them, ``site`` puts it all into a folder.
"""
