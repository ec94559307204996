"""What stands behind the names that scripts import: facts of the worker, models, metrics.

Only the standard library is used here: a worker imports this in the user's own Python, where nothing of ours is
installed.
"""
