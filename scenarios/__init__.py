"""The application: run an assessment, write its outputs, and the command line."""
