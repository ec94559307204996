"""The programs `python -m batchscope.kernel -f FILE` and `python -m batchscope.kernel install`."""

import argparse
import os
import signal
import sys


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m batchscope.kernel", description="The Batchscope kernel.")
    parser.add_argument("-f", "--connection-file", metavar="FILE", help="run the kernel of this connection file")
    commands = parser.add_subparsers(dest="command", metavar="install")
    install = commands.add_parser("install", help="register the kernel of this Python with Jupyter")
    place = install.add_mutually_exclusive_group()
    place.add_argument("--user", action="store_true", help="for this user")
    place.add_argument("--sys-prefix", action="store_true", help="for this Python environment")
    place.add_argument("--prefix", metavar="DIR", help="below this prefix")
    install.add_argument("--name", default="batchscope", help="the folder's name (default: %(default)s)")
    install.add_argument("--display-name", default="Python (Batchscope)", help="what people see (default: %(default)s)")
    options, unknown = parser.parse_known_args(arguments)
    if unknown and options.command:
        parser.error("unknown arguments: " + " ".join(unknown))  # a front end may give a kernel more than it knows
    if not options.command and not options.connection_file:
        parser.error("expected -f FILE (what Jupyter starts a kernel with) or `install`")
    return options


def _what_is_missing() -> str | None:
    """Why there is no kernel here, as one sentence and what to do; None where there is one."""
    try:
        from batchscope import _kernel  # noqa: F401
    except ImportError as error:
        here = f"{sys.implementation.name} {sys.version.split()[0]}"
        if sys.implementation.name != "cpython" or sys.version_info[:2] != (3, 11):
            return (
                "there is no Batchscope kernel for this Python: its native part is built for CPython 3.11 only, and "
                f"this is {here}. Use an environment of CPython 3.11, or another kernel with `import batchscope`."
            )
        return (
            f"there is no Batchscope kernel for this Python ({here}): its native part cannot be loaded: {error}. "
            "Install xeus-python-dev, pybind11-dev and pybind11-json-dev (Debian), then batchscope again."
        )
    return None


def _run(connection_file: str) -> int:
    from batchscope import _kernel

    if not os.path.isfile(connection_file):
        print(f"batchscope.kernel: the connection file {connection_file!r} does not exist.", file=sys.stderr)
        return 1
    # Before any thread starts: see kernel/channels/interrupts.h.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    if sys.path and sys.path[0] == os.getcwd():
        del sys.path[0]  # `python -m` put it there; IPython adds '' for the folder the notebook is in at any time
    from batchscope.kernel.driver import Driver

    try:
        _kernel.launch(connection_file, lambda host: Driver(host, connection_file))
    except Exception as error:
        print(f"batchscope.kernel: cannot start with the connection file {connection_file!r}: {error}", file=sys.stderr)
    return 1


def main(arguments: list[str] | None = None) -> int:
    """Return the exit code; a kernel that runs ends its process itself."""
    missing = _what_is_missing()
    if missing is not None:
        print(f"batchscope.kernel: {missing}", file=sys.stderr)
        return 1
    options = _parse(sys.argv[1:] if arguments is None else arguments)
    if options.command == "install":
        from batchscope.kernel.install import install

        prefix = sys.prefix if options.sys_prefix else options.prefix
        return install(options.name, options.display_name, user=options.user, prefix=prefix)
    return _run(options.connection_file)


if __name__ == "__main__":
    sys.exit(main())
