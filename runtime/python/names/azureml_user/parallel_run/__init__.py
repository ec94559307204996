"""What Azure ML gives entry scripts: the helper EntryScript."""

from _batchscope_names.entry_script import EntryScript

__all__ = ["EntryScript"]
