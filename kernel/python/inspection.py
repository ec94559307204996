"""Rich forms of a variable for the debugger's front end."""

import base64
import json

_MARK = "rich:"

from IPython.core.getipython import get_ipython

from batchscope.kernel.messages import to_json


def rich_forms(value: object) -> dict:
    """`data` (by MIME type) and `metadata`, as a display of the value would have them."""
    data, metadata = get_ipython().display_formatter.format(value)
    return {"data": data, "metadata": metadata}


def rich_text(value: object) -> str:
    """`rich_forms` in letters that survive a debugger's quoting. Runs in the frame that the debugger has stopped."""
    return _MARK + base64.urlsafe_b64encode(to_json(rich_forms(value)).encode()).decode()


def read_rich_text(text: str) -> dict:
    """The forms, from what a debugger shows of `rich_text`'s result; ValueError where it shows an error instead."""
    text = text.strip("'\"")
    if not text.startswith(_MARK):
        raise ValueError(text.strip().rpartition("\n")[2])
    return json.loads(base64.urlsafe_b64decode(text.removeprefix(_MARK)))
