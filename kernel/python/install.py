"""Registers the kernel of this Python with Jupyter, as ipykernel's `install` does."""

import json
import os
import sys
import tempfile


def kernel_spec(display_name: str) -> dict:
    """The contents of kernel.json for the interpreter that runs this."""
    return {
        "argv": [sys.executable, "-m", "batchscope.kernel", "-f", "{connection_file}"],
        "display_name": display_name,
        "language": "python",
        "interrupt_mode": "signal",
        "metadata": {"debugger": True},
    }


def install(name: str, display_name: str, *, user: bool = False, prefix: str | None = None) -> int:
    """Write the kernelspec and say where.

    Parameters
    ----------
    name
        The folder's name: letters, digits, `.`, `_` and `-`.
    user
        For this user; otherwise below `prefix`, otherwise for the whole system.

    Returns
    -------
    int
        The exit code: 1 when the folder cannot be written or the name is not allowed; the reason was printed.
    """
    from jupyter_client.kernelspec import KernelSpecManager

    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "kernel.json"), "w", encoding="utf-8") as file:
            json.dump(kernel_spec(display_name), file, indent=1)
        try:
            place = KernelSpecManager().install_kernel_spec(folder, kernel_name=name, user=user, prefix=prefix)
        except OSError as error:
            print(f"Cannot write the kernelspec: {error}. Try --user, --sys-prefix or --prefix DIR.", file=sys.stderr)
            return 1
        except ValueError as error:
            print(f"Cannot install the kernelspec: {error}", file=sys.stderr)
            return 1
    print(f"Installed kernelspec {name} in {place}")
    return 0
