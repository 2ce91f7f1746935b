"""Districts: whole communities to centres, each district hanging together, its load between two bounds; proven."""
