"""Siting: exact answers to where facilities should be, with their proof."""
