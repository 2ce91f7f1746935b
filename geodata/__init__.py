"""Adapters that bring facts in: files of a city, in whatever encoding and heading, become one Region."""
