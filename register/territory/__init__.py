"""Communes, intercommunalités, départements and régions, and how people name them."""
