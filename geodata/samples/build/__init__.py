"""Builds the sample folder ``panzhihua`` from the tables in ``facts``; run ``python -m geodata.samples.build``."""
