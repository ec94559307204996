"""Magics of a kernel that IPython itself does not have; the others are IPython's own."""

import json
import os
import sys

from IPython.core import page
from IPython.core.magic import Magics, line_magic, magics_class


@magics_class
class KernelMagics(Magics):
    """`connection_file` is set by the driver."""

    connection_file = ""

    @line_magic
    def connect_info(self, _line: str) -> None:
        """Print what another front end needs to connect to this kernel."""
        with open(self.connection_file, encoding="utf-8") as file:
            print(json.dumps(json.load(file), indent=2))
        print(
            "\nPaste the above JSON into a file, and connect with:\n"
            "    $> jupyter <app> --existing <file>\n"
            "or, on this machine:\n"
            f"    $> jupyter <app> --existing {os.path.basename(self.connection_file)}\n"
        )

    @line_magic
    def clear(self, _line: str) -> None:
        """Clear the output of the cell."""
        self.shell.display_pub.clear_output()

    @line_magic
    def less(self, line: str) -> None:
        """Show a file in the pager."""
        if not line:
            print("Expected a file name: %less FILE", file=sys.stderr)
            return
        with open(os.path.expanduser(line.strip()), encoding="utf-8", errors="replace") as file:
            page.page(file.read())

    more = line_magic("more")(less)

    @line_magic
    def man(self, line: str) -> None:
        """Show a manual page in the pager."""
        page.page(self.shell.getoutput("man %s | col -b" % line, split=False))

    @line_magic
    def autosave(self, line: str) -> None:
        """Accepted for notebooks that have it: saving is the front end's business."""
        print(f"Autosave is set in the front end; {line.strip() or 'nothing'} was not changed here.")
