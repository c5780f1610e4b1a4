"""Drawings made on the server: SVG coloured by the style sheets, or PNG."""
