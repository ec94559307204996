"""IPython's InteractiveShell, with its output on the wire."""

import sys
import types
from asyncio import CancelledError
from typing import Any

from IPython.core import page, payloadpage
from IPython.core.autocall import ZMQExitAutocall
from IPython.core.compilerop import CachingCompiler
from IPython.core.debugger import InterruptiblePdb
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import CBool, Instance, Type, default

from batchscope.kernel.messages import to_json


class KernelCompiler(CachingCompiler):
    """Names each cell's code as the debugger's front end does, so that its breakpoints are found."""

    def get_filename(self, code: str) -> str:
        """The source file of a cell, as the debugger knows it."""
        from batchscope import _kernel

        return _kernel.cell_file(code)

    def get_code_name(self, raw_code: str, code: str, number: int) -> str:
        try:
            return self.get_filename(raw_code)
        except TypeError:  # lone surrogates
            return super().get_code_name(raw_code, code, number)


class KernelDisplayHook(DisplayHook):
    """The value of a cell's last expression becomes an execute_result."""

    def start_displayhook(self) -> None:
        self._content: dict = {}

    def write_output_prompt(self) -> None:
        self._content["execution_count"] = self.prompt_count

    def write_format_data(self, format_dict: dict, md_dict: dict | None = None) -> None:
        self._content["data"] = format_dict
        self._content["metadata"] = md_dict or {}

    def finish_displayhook(self) -> None:
        if self._content.get("data"):
            self.shell.host.publish("execute_result", to_json(self._content), "{}", [])


class KernelDisplayPublisher(DisplayPublisher):
    """display() and its updates."""

    def publish(self, data, metadata=None, source=None, *, transient=None, update=False, **_rest) -> None:
        content = {"data": data, "metadata": metadata or {}, "transient": transient or {}}
        self.shell.host.publish("update_display_data" if update else "display_data", to_json(content), "{}", [])

    def clear_output(self, wait: bool = False) -> None:
        self.shell.host.publish("clear_output", to_json({"wait": wait}), "{}", [])


# Named as ipykernel's: rich and many more take the class's name for the sign that they run in a notebook.
class ZMQInteractiveShell(InteractiveShell):
    """The shell of the kernel. `host` and `cell_loop` are set right after it is made."""

    displayhook_class = Type(KernelDisplayHook)
    display_pub_class = Type(KernelDisplayPublisher)
    compiler_class = Type(KernelCompiler)
    exiter = Instance(ZMQExitAutocall)
    autoindent = CBool(False)
    debugger_cls = InterruptiblePdb
    host: Any = None
    cell_loop: Any = None
    kernel: Any = None
    last_error: dict | None = None  # of the current cell, as the protocol has it
    keepkernel_on_exit = None

    def init_hooks(self) -> None:
        super().init_hooks()
        self.set_hook("show_in_pager", page.as_hook(payloadpage.page), 99)

    def init_virtualenv(self) -> None:
        """The kernel runs in the environment that it was started in, whatever VIRTUAL_ENV says."""

    @default("exiter")
    def _make_exiter(self) -> ZMQExitAutocall:
        return ZMQExitAutocall(self)

    async def run_ast_nodes(self, *args: Any, **kwargs: Any) -> bool:
        """User code alone can be interrupted, never IPython's bookkeeping around it."""
        try:
            self.host.open_interrupts()
            return await super().run_ast_nodes(*args, **kwargs)
        finally:
            self.host.close_interrupts()

    def showtraceback(self, exc_tuple: Any = None, *args: Any, **kwargs: Any) -> None:
        kind, _value, traceback = self._get_exc_info(exc_tuple)
        if kind is not None and issubclass(kind, CancelledError) and self.cell_loop.interrupted:
            exc_tuple = (KeyboardInterrupt, KeyboardInterrupt(), traceback)
        super().showtraceback(exc_tuple, *args, **kwargs)

    def _showtraceback(self, etype: type, evalue: BaseException, stb: list[str]) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        name = getattr(etype, "__name__", str(etype))
        self.last_error = {"ename": name, "evalue": str(evalue), "traceback": list(stb)}
        self._last_traceback = list(stb)
        self.host.publish("error", to_json(self.last_error), "{}", [])

    def set_next_input(self, text: str, replace: bool = False) -> None:
        """The front end puts the text into the next cell, or into this one."""
        self.payload_manager.write_payload({"source": "set_next_input", "text": text, "replace": replace})

    def ask_exit(self) -> None:
        """`exit` in a cell: the kernel ends after the cell."""
        self.exit_now = True
        self.payload_manager.write_payload({"source": "ask_exit", "keepkernel": bool(self.keepkernel_on_exit)})

    def enable_gui(self, gui: str | None = None) -> None:
        """Inline plots need no event loop; others have none here."""
        if gui not in (None, "inline"):
            raise NotImplementedError(f"This kernel runs no {gui!r} event loop; expected inline plots or ipympl.")


def announce_shell() -> None:
    """Stand in for ipykernel's module of the shell, which tqdm and others look for to know that this is a notebook."""
    module = types.ModuleType("ipykernel.zmqshell", "The shell of the Batchscope kernel.")
    module.ZMQInteractiveShell = ZMQInteractiveShell
    module.ZMQDisplayHook = KernelDisplayHook
    module.ZMQDisplayPublisher = KernelDisplayPublisher
    sys.modules.setdefault(module.__name__, module)
