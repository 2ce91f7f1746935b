"""The commands of `fugai`, one file each, and the program that reads which is meant."""
