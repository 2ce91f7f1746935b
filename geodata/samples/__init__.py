"""The embedded sample of 攀枝花: facts, the builder that turns them into a folder of files, and that folder.

See README.md for what is real, what is estimated and what is made up.
"""
