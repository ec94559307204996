"""What the native kernel calls: one method a request, JSON in and out."""

import atexit
import builtins
import faulthandler
import getpass
import json
import os
import signal
import sys
import traceback
from typing import Any

import IPython
from IPython.core.application import BaseIPythonApplication
from IPython.core.completer import provisionalcompleter, rectify_completions
from IPython.core.error import StdinNotImplementedError
from IPython.core.shellapp import InteractiveShellApp
from IPython.utils.tokenutil import token_at_cursor

from batchscope import _kernel
from batchscope.kernel import comms, inspection
from batchscope.kernel.cell_loop import CellLoop
from batchscope.kernel.magics import KernelMagics
from batchscope.kernel.messages import to_json
from batchscope.kernel.shell import ZMQInteractiveShell, announce_shell
from batchscope.kernel.streams import OutStream

_COMPLETION_TYPES = "_jupyter_types_experimental"


class _Profile(BaseIPythonApplication, InteractiveShellApp):
    """The user's IPython profile: configuration, extensions, start-up files. The same files as ipykernel's."""

    name = "ipython-kernel"

    def initialize(self, argv: list[str] | None = None) -> None:
        super().initialize(argv or [])

    def init_crash_handler(self) -> None:
        """A kernel that crashes says so on its terminal; the handler would ask for a bug report to IPython."""


class _KernelHandle:
    """What libraries expect of `get_ipython().kernel`."""

    def __init__(self, host: Any, shell: ZMQInteractiveShell, comm_manager: Any) -> None:
        self._host = host
        self.shell = shell
        self.comm_manager = comm_manager

    def get_parent(self, _channel: str | None = None) -> dict:
        """The request that is being answered; ipywidgets' Output asks."""
        return {"header": json.loads(self._host.parent_header())}


class Driver:
    """The Python side of a kernel. Made before the sockets exist; `start` is called when they do. Main thread, but for
    `run_internal`, `internal_error` and the two for rich variables, which the debugger calls on the control thread.
    """

    def __init__(self, host: Any, connection_file: str) -> None:
        self._host = host
        self._connection_file = os.path.abspath(connection_file)
        self._pid = os.getpid()
        self._allow_stdin = False
        self._internal_error = ""

    def call(self, method: str, arguments: str, buffers: list[bytes]) -> str:
        """The result of a method as JSON; a defect becomes an error reply, never an exception."""
        try:
            keywords = json.loads(arguments)
            if method == "comm":
                result = self.comm(keywords, buffers)
            else:
                result = getattr(self, method)(**keywords)
            return to_json({} if result is None else result)
        except BaseException as error:
            lines = traceback.format_exception(error)
            return to_json({"status": "error", "ename": type(error).__name__, "evalue": str(error), "traceback": lines})

    # ---- begin and end

    def start(self) -> None:
        """Put streams, input, comms and shell in place, and run the user's start-up files."""
        sys.__stdout__.reconfigure(line_buffering=True)  # a pipe now: it would keep its text
        faulthandler.enable(self._host.original_fd(2))  # of a crash nobody is left to publish anything
        sys.stdout = OutStream(self._host, "stdout", 1)
        sys.stderr = OutStream(self._host, "stderr", 2)
        os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
        os.environ.setdefault("CLICOLOR", "1")
        self._loop = CellLoop()
        profile = _Profile.instance()
        profile.initialize([])
        # Many take this section for the sign that they run in a notebook.
        profile.config.IPKernelApp.connection_file = self._connection_file
        ZMQInteractiveShell.host = self._host
        ZMQInteractiveShell.cell_loop = self._loop
        self._shell = ZMQInteractiveShell.instance(parent=profile, profile_dir=profile.profile_dir)
        self._comms = comms.install_comms(self._host)
        announce_shell()
        self._shell.kernel = _KernelHandle(self._host, self._shell, self._comms)
        KernelMagics.connection_file = self._connection_file
        self._shell.register_magics(KernelMagics)
        builtins.input = self._input
        getpass.getpass = self._getpass
        profile.shell = self._shell
        profile.init_path()
        profile.init_extensions()
        profile.init_code()
        self._host.watch_forks()  # last: what is registered last with fork is first before it and last after it

    def leave(self) -> None:
        """End what still runs: the engine's threads first, for they call into this process; then what atexit knows."""
        engine = sys.modules.get("batchscope._engine")
        if hasattr(engine, "shutdown"):
            engine.shutdown()
        atexit._run_exitfuncs()
        sys.stdout.flush()

    def idle(self) -> bool:
        """Between two requests; True while there is more to do."""
        return self._loop.idle()

    # ---- requests

    def kernel_info(self) -> dict:
        version = ".".join(str(part) for part in sys.version_info[:3])
        return {
            "status": "ok",
            "implementation": "batchscope",
            "implementation_version": _kernel.__version__,
            "banner": f"Python {sys.version}\nBatchscope {_kernel.__version__}, IPython {IPython.__version__}\n",
            "debugger": True,
            "supported_features": ["debugger"],
            "help_links": [{"text": "Python Reference", "url": "https://docs.python.org/3.11"}],
            "language_info": {
                "name": "python",
                "version": version,
                "mimetype": "text/x-python",
                "file_extension": ".py",
                "pygments_lexer": "ipython3",
                "codemirror_mode": {"name": "ipython", "version": 3},
                "nbconvert_exporter": "python",
            },
        }

    def execute(
        self,
        code: str,
        silent: bool,
        store_history: bool,
        user_expressions: dict | None,
        allow_stdin: bool,
        execution_count: int,  # xeus' count; the shell keeps its own
    ) -> dict:
        """Run a cell; returns the content of the execute_reply."""
        shell = self._shell
        self._allow_stdin = allow_stdin
        shell.last_error = None
        shell.payload_manager.clear_payload()
        signal.signal(signal.SIGINT, self._loop.on_sigint)
        problem = None
        result = None
        try:
            result = self._run_cell(code, silent, store_history)
            problem = result.error_before_exec or result.error_in_exec
        except BaseException as error:  # an interrupt at the very edge of user code
            shell.showtraceback()
            problem = error
        if os.getpid() != self._pid:  # a cell forked and its child came back here: it must not answer for its parent
            os._exit(0)
        reply: dict = {"payload": shell.payload_manager.read_payload()}
        if problem is None:
            expressions = shell.user_expressions(user_expressions or {})
            reply |= {"status": "ok", "user_expressions": expressions}
        else:
            known = {"ename": type(problem).__name__, "evalue": str(problem), "traceback": []}
            reply |= {"status": "error", "user_expressions": {}, **(shell.last_error or known)}
        if shell.exit_now:
            self._host.stop()
        return reply

    def _run_cell(self, code: str, silent: bool, store_history: bool) -> Any:
        shell = self._shell
        broken = None
        try:
            cell = shell.transform_cell(code)
        except Exception:
            cell, broken = code, sys.exc_info()
        result = None
        try:
            result = self._loop.run(
                shell.run_cell_async(
                    code,
                    store_history=store_history,
                    silent=silent,
                    transformed_cell=cell,
                    preprocessing_exc_tuple=broken,
                )
            )
        finally:
            shell.events.trigger("post_execute")
            if not silent:
                shell.events.trigger("post_run_cell", result)
        return result

    def complete(self, code: str, cursor_pos: int) -> dict:
        if cursor_pos < 0:
            cursor_pos = len(code)
        with provisionalcompleter():
            completions = list(rectify_completions(code, self._shell.Completer.completions(code, cursor_pos)))
        start = completions[0].start if completions else cursor_pos
        end = completions[0].end if completions else cursor_pos
        types = [
            {"start": one.start, "end": one.end, "text": one.text, "type": one.type, "signature": one.signature}
            for one in completions
        ]
        return {
            "status": "ok",
            "matches": [one.text for one in completions],
            "cursor_start": start,
            "cursor_end": end,
            "metadata": {_COMPLETION_TYPES: types},
        }

    def inspect(self, code: str, cursor_pos: int, detail_level: int) -> dict:
        name = token_at_cursor(code, len(code) if cursor_pos < 0 else cursor_pos)
        try:
            data = self._shell.object_inspect_mime(name, detail_level=detail_level)
        except KeyError:
            return {"status": "ok", "found": False, "data": {}, "metadata": {}}
        return {"status": "ok", "found": True, "data": data, "metadata": {}}

    def is_complete(self, code: str) -> dict:
        status, indent = self._shell.input_transformer_manager.check_complete(code)
        return {"status": status, "indent": " " * indent} if status == "incomplete" else {"status": status}

    def comm(self, message: dict, buffers: list[bytes]) -> dict | None:
        signal.signal(signal.SIGINT, self._loop.on_sigint)
        try:
            self._host.open_interrupts()
            return comms.dispatch(self._comms, message, buffers)
        except KeyboardInterrupt:
            self._shell.showtraceback()
            return None
        finally:
            self._host.close_interrupts()

    # ---- history: (session, line, input), or (session, line, (input, output))

    def history_tail(self, n: int, raw: bool, output: bool) -> dict:
        return self._history(self._shell.history_manager.get_tail(n, raw=raw, output=output, include_latest=True))

    def history_range(self, session: int, start: int, stop: int, raw: bool, output: bool) -> dict:
        manager = self._shell.history_manager
        return self._history(manager.get_range(session, start, stop or None, raw=raw, output=output))

    def history_search(self, pattern: str, raw: bool, output: bool, n: int, unique: bool) -> dict:
        manager = self._shell.history_manager
        return self._history(manager.search(pattern or "*", raw=raw, output=output, n=n or None, unique=unique))

    def _history(self, entries: Any) -> dict:
        current = self._shell.history_manager.session_number  # IPython says 0 for it when asked for a range
        return {"status": "ok", "history": [(session or current, line, text) for session, line, text in entries]}

    # ---- for the debugger

    def run_internal(self, code: str) -> dict:
        """Run the debugger's own code outside the user's names."""
        # Or debugpy warns, in the cell, about Python's frozen modules.
        os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
        try:
            exec(code, {"__name__": "batchscope.kernel.internal"})
        except BaseException as error:
            self._internal_error = f"{type(error).__name__}: {error}"
            lines = traceback.format_exception(error)
            return {"status": "error", "ename": type(error).__name__, "evalue": str(error), "traceback": lines}
        return {"status": "ok"}

    def internal_error(self) -> dict:
        return {"status": "ok", "message": self._internal_error}

    def rich_variable(self, name: str) -> dict:
        if name not in self._shell.user_ns:
            raise NameError(f"name {name!r} is not defined")
        return {"status": "ok", **inspection.rich_forms(self._shell.user_ns[name])}

    def read_rich_text(self, text: str) -> dict:
        return {"status": "ok", **inspection.read_rich_text(text)}

    # ---- input

    def _input(self, prompt: object = "") -> str:
        return self._ask(str(prompt), hidden=False)

    def _getpass(self, prompt: str = "Password: ", stream: Any = None) -> str:
        return self._ask(prompt, hidden=True)

    def _ask(self, prompt: str, *, hidden: bool) -> str:
        if os.getpid() != self._pid:
            raise EOFError("input() in a forked process: only the notebook's own process can ask")
        if not self._allow_stdin:
            raise StdinNotImplementedError("This front end does not ask for input (it sent allow_stdin = false).")
        answer = self._host.ask(prompt, hidden)
        if answer is None:
            raise EOFError("the kernel is stopping")
        return answer
