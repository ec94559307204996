"""The Batchscope kernel's Python side: `python -m batchscope.kernel -f FILE` runs it, `... install` registers it."""
