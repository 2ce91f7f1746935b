"""What leaves the tool: workbooks, GeoPackage, CSV and the manifest, each a view of the one table of findings."""
