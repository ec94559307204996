"""sys.stdout and sys.stderr of the kernel: text goes to the cell, from any thread and from forked children."""

import io
import os
from typing import Protocol


class Writer(Protocol):
    """The part of the native host that streams need."""

    def write(self, stream: str, text: str) -> None: ...

    def flush(self) -> None: ...


class OutStream(io.TextIOBase):
    """A text stream that ends in the output of the cell.

    Text is gathered natively and published every 50 ms, in order with displays; `flush` publishes at once. A forked
    child has no publisher: there the text goes to the file descriptor, whose other end the parent publishes.
    """

    def __init__(self, host: Writer, name: str, fd: int) -> None:
        super().__init__()
        self._host = host
        self._name = name
        self._fd = fd
        self._in_child = False
        self.buffer = _OutBytes(self)
        os.register_at_fork(after_in_child=self._enter_child)

    name = property(lambda self: f"<{self._name}>")
    encoding = "utf-8"
    errors = "replace"

    def _enter_child(self) -> None:
        self._in_child = True

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        return self._fd

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if self._in_child:
            data = text.encode("utf-8", "replace")
            while data:
                data = data[os.write(self._fd, data) :]
        elif text:
            try:
                self._host.write(self._name, text)
            except TypeError:  # lone surrogates
                self._host.write(self._name, text.encode("utf-8", "replace").decode("utf-8"))
        return len(text)

    def flush(self) -> None:
        if not self._in_child:
            self._host.flush()

    def reconfigure(self, **_options: object) -> None:
        """Accepted and ignored: the stream is UTF-8 and needs no buffering."""


class _OutBytes(io.BufferedIOBase):
    """`sys.stdout.buffer`: bytes are UTF-8, what is not is shown as U+FFFD."""

    def __init__(self, text: OutStream) -> None:
        super().__init__()
        self._text = text

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._text.fileno()

    def write(self, data: bytes) -> int:
        data = bytes(data)
        self._text.write(data.decode("utf-8", "replace"))
        return len(data)

    def flush(self) -> None:
        self._text.flush()
