"""Values of any kind as the JSON text of a Jupyter message."""

import base64
import datetime
import json
import math
import numbers
from collections.abc import Iterable, Mapping


def to_json(value: object) -> str:
    """JSON text that any parser takes: no NaN, no lone surrogates, only string keys; bytes become base64."""
    try:
        text = json.dumps(value, default=_plain, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError):
        text = json.dumps(_clean(value), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "replace").decode("utf-8")


def _plain(value: object) -> object:
    """What json.dumps does not know; the rules are ipykernel's."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Iterable):
        return list(value)
    return repr(value)


def _clean(value: object) -> object:
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else repr(value)
    if isinstance(value, Mapping):
        return {str(key): _clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(item) for item in value]
    plain = _plain(value)
    return plain if isinstance(plain, str) else _clean(plain)
