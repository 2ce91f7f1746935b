"""The embedded samples of 攀枝花, 遂宁 and 雅安: facts, the builder that turns them into folders of files, and those folders.

See README.md for what is real, what is estimated and what is made up.
"""
