"""What the server draws: SVG with classes and attributes only, coloured by the style sheets."""
