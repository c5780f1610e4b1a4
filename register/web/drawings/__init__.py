"""Pictures drawn on the server: SVG with classes that the style sheets colour, or PNG."""
