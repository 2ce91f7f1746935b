"""The core of fugai: facts, law and decisions in, findings out. Imports none of the other three packages."""

__version__ = "0.1.0"
