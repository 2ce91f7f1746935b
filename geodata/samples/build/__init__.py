"""Builds the sample folders from the tables in ``facts``; run ``python -m geodata.samples.build [CITY]``."""
