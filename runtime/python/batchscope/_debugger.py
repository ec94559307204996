"""The debugger of a worker: debugpy's pydevd, in the process from when it is asked for until it is taken out again.

The fork server calls `preload`, so that workers find debugpy in memory; nothing else of it is in them until the native
module (runtime/worker) calls `start`. Like the fork server, this file needs the standard library only.
"""

from __future__ import annotations

import atexit
import builtins
import collections
import contextlib
import gc
import importlib.util
import os
import socket
import sys
import threading
import time
import types
from collections.abc import Iterator
from typing import Any, Protocol

# Each step of connecting waits for the GIL; beside a busy loop that takes a switch interval every time.
FAST_SWITCHING = 0.0005
THREAD_NAME = "batchscope.debugger"
HAS_MONITORING = sys.version_info >= (3, 12)
MONITORED = ("PY_START", "PY_RESUME", "LINE", "JUMP", "PY_RETURN", "RAISE", "PY_UNWIND")
# Against a debugger that does not end; the worker goes on with what is left of it then.
END_SECONDS = 10.0
OFF = 'the step says debug = "off", so its workers have no debugger'
ITS_OWN = "the script has a debugger of its own (debugpy.listen() or debugpy.connect()); attach to that one"
# Files with frames that are nobody's business.
HERE = os.path.dirname(os.path.abspath(__file__))
OURS = (os.path.join(HERE, "_debugger.py"), os.path.join(HERE, "_forkserver.py"))
MISSING = object()
STAND_INS = {
    "xmlrpc.client": ("ServerProxy", "Marshaller", "Server"),
    "xmlrpc.server": ("SimpleXMLRPCServer",),
    "http.server": ("BaseHTTPRequestHandler",),
}


class DebuggerEnd(Protocol):
    """The native side of one connection."""

    def take_socket(self) -> int:
        """The descriptor to talk over, which is the caller's from then on."""

    def armed(self) -> None:
        """Breakpoints hit from now on."""

    def is_over(self) -> bool:
        """Whether the debugger is to be taken out."""

    def wait_for_end(self) -> None:
        """Returns when it is; the GIL is free meanwhile."""

    def clear_traces(self) -> None:
        """Takes the trace function from every thread; nothing where Python has sys.monitoring."""

    def gone(self, why: str) -> None:
        """Nothing of the debugger is left. `why` is a sentence when nobody asked for that."""


class State:
    """What this process knows of its debugger."""

    why_not = OFF  # a sentence; empty when debugpy is in memory
    session: Session | None = None
    minds_forks = False


def preload(host_folder: str) -> None:
    """Import debugpy and undo what that changes outside of debugpy.

    Parameters
    ----------
    host_folder
        Where the host's own debugpy lies, for environments that have none; empty: nowhere.
    """
    changes = Changes()
    changes.watch(sys, "breakpointhook", "path")
    changes.watch(builtins, "execfile", "runfile")
    variables = dict(os.environ)
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    sys.path = list(sys.path)
    collects = gc.isenabled()
    gc.disable()
    try:
        if importlib.util.find_spec("debugpy") is None and host_folder:
            sys.path.append(host_folder)
        import_debugpy()
        State.why_not = ""
    except BaseException as error:
        if isinstance(error, ModuleNotFoundError) and error.name == "debugpy":
            State.why_not = (
                f"debugpy is missing, in {sys.executable} as well as beside Batchscope; install it:"
                f" {sys.executable} -m pip install debugpy"
            )
        else:
            State.why_not = f"debugpy cannot be imported into {sys.executable}: {type(error).__name__}: {error}"
            print(f"batchscope: {State.why_not}", file=sys.stderr, flush=True)
    finally:
        if collects:
            gc.enable()
        changes.undo()
        for name in set(os.environ) - set(variables):
            del os.environ[name]
        os.environ.update(variables)


def import_debugpy() -> None:
    """What is needed of it, and without what it would spend a third of the time on: an old console over XML-RPC."""
    before = set(sys.modules)
    try:
        with standing_in(STAND_INS):
            import debugpy.server  # finds pydevd
            import pydevd  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name == "debugpy":
            raise
        for name in set(sys.modules) - before:
            if name.startswith(("debugpy", "pydev", "_pydev")):
                del sys.modules[name]
        import debugpy.server
        import pydevd  # noqa: F401


@contextlib.contextmanager
def standing_in(names: dict[str, tuple[str, ...]]) -> Iterator[None]:
    """Modules with empty classes of these names in place of those that nobody has imported yet."""
    made = {}
    for name, classes in names.items():
        for part in (name.rpartition(".")[0], name):
            if part not in sys.modules:
                made[part] = sys.modules[part] = types.ModuleType(part)
        for each in classes:
            if name in made:
                setattr(made[name], each, type(each, (), {}))
        parent = sys.modules[name.rpartition(".")[0]]
        if parent.__name__ in made:
            setattr(parent, name.rpartition(".")[2], sys.modules[name])
    try:
        yield
    finally:
        for name, module in made.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


def start(end: DebuggerEnd) -> None:
    """Connect the debugger, on a thread of its own; `end` hears how that went.

    Called on a native thread; the calling thread must not become one that Python knows.
    """
    interval = sys.getswitchinterval()
    session = Session(end, interval)
    thread = threading.Thread(target=session.live, name=THREAD_NAME, daemon=True)
    # pydevd's marks of threads that are never stopped or shown.
    thread.pydev_do_not_trace = True  # type: ignore[attr-defined]
    thread.is_pydev_daemon_thread = True  # type: ignore[attr-defined]
    sys.setswitchinterval(min(interval, FAST_SWITCHING))
    try:
        thread.start()
    except BaseException:
        sys.setswitchinterval(interval)
        raise


def show(error: BaseException) -> None:
    """Stop in the debugger where `error` was raised, until somebody says continue; nothing without a debugger."""
    pydb = State.session and State.session.pydb
    if not pydb or not pydb.is_attached() or error.__traceback__ is None:
        return
    try:
        # Since debugpy 1.8.21.
        pydb.trigger_exception_handler((type(error), error, error.__traceback__), as_uncaught=False)
    except Exception as problem:
        print(f"batchscope: the debugger cannot show {type(error).__name__}: {problem}", file=sys.stderr, flush=True)


class Changes:
    """Attributes of modules, to be put back to what they were."""

    def __init__(self) -> None:
        self.before: list[tuple[Any, str, object]] = []

    def watch(self, owner: Any, *names: str) -> None:
        self.before += [(owner, name, getattr(owner, name, MISSING)) for name in names]

    def undo(self) -> None:
        for owner, name, value in reversed(self.before):
            if getattr(owner, name, MISSING) is value:
                continue
            if value is MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, value)
        self.before.clear()


class Session:
    """One time that the debugger is in the worker."""

    def __init__(self, end: DebuggerEnd, interval: float) -> None:
        self.end = end
        self.interval = interval  # the switch interval to go back to
        self.changes = Changes()
        self.pydb: Any = None
        self.socket: socket.socket | None = None

    def live(self) -> None:
        """Connect, wait for the end, take everything out again; the life of the session's thread."""
        why = ""
        try:
            try:
                why = self.connect()
            finally:
                sys.setswitchinterval(self.interval)
            if not why:
                self.end.armed()
                self.end.wait_for_end()
        except Over:
            pass
        except BaseException as error:
            why = f"the debugger could not be connected: {type(error).__name__}: {error}"
        finally:
            try:
                with fast_switching():
                    self.take_out()
            except BaseException as error:
                why = why or f"the debugger could not be taken out: {type(error).__name__}: {error}"
            self.end.gone(why)

    def connect(self) -> str:
        """Put pydevd in place; returns when it was configured over the connection. Why not, or an empty text."""
        if State.why_not:
            return State.why_not
        import debugpy
        import pydevd

        if why := somebody_elses():
            return why
        self.socket = socket.socket(fileno=self.end.take_socket())
        self.watch_changes(pydevd)
        State.session = self
        if not State.minds_forks:
            os.register_at_fork(after_in_child=forget_in_child)
            State.minds_forks = True
        # As debugpy.connect() does it, but for the log, which first describes the whole environment: up to 200 ms.
        with replaced(pydevd, "start_client", self.client), replaced(pydevd, "time", Hurry()):
            pydevd.settrace(
                host="127.0.0.1",
                port=1,
                client_access_token="batchscope",
                suspend=False,
                patch_multiprocessing=False,
                notify_stdin=False,
                dont_trace_start_patterns=(os.path.dirname(os.path.abspath(debugpy.__file__)), *OURS),
            )
        atexit.unregister(pydevd.stoptrace)
        share_event(self.pydb)
        self.pydb.disable_tracing()  # of this thread
        if sys.breakpointhook is sys.__breakpointhook__:
            sys.breakpointhook = stop_here
        return ""

    def watch_changes(self, pydevd: Any) -> None:
        """Remember what connecting changes."""
        self.changes.watch(sys, "breakpointhook")
        self.changes.watch(pydevd.SetupHolder, "setup")
        # pydevd hides its threads from these, by other code in the same functions.
        for name in ("enumerate", "active_count", "_pickSomeNonDaemonThread"):
            if function := getattr(threading, name, None):
                self.changes.watch(function, "__code__")
        hides = "_patched_threading_to_hide_pydevd_threads"
        self.changes.watch(sys.modules["_pydevd_bundle.pydevd_daemon_thread"], hides)
        # How threads are started.
        for module in (sys.modules["_thread"], threading):
            for name in ("start_new_thread", "start_new", "start_joinable_thread"):
                self.changes.watch(module, name, "_" + name, "_original_" + name)
        if not HAS_MONITORING:
            self.changes.watch(threading, "_trace_hook")

    def client(self, _host: str, _port: int) -> socket.socket | None:
        """What pydevd uses in place of a connection that it makes."""
        from _pydevd_bundle.pydevd_constants import get_global_debugger

        self.pydb = get_global_debugger()
        self.pydb.wait_for_ready_to_run = self.wait_until_configured
        return self.socket

    def wait_until_configured(self) -> None:
        """As pydevd's own, but with an end when nobody configures it any more."""
        while not self.pydb.ready_to_run:
            if self.end.is_over():
                raise Over
            self.pydb.process_internal_commands()
            self.pydb._py_db_command_thread_event.clear()
            self.pydb._py_db_command_thread_event.wait(0.02)

    def take_out(self) -> None:
        """Everything is as it was before `connect`."""
        if self.socket is None:
            return
        if self.pydb is not None:
            import pydevd

            deadline = time.monotonic() + END_SECONDS
            self.end_threads(deadline)
            pydevd.stoptrace()
            atexit.unregister(pydevd.stoptrace)
            while is_anybody_stopped() and time.monotonic() < deadline:
                time.sleep(0.005)
            self.stop_watching()
            forget_steps()
        State.session = None
        self.socket.close()

    def end_threads(self, deadline: float) -> None:
        """pydevd's threads end by themselves once the connection has; threads that it stopped go on then."""
        self.pydb.dispose_and_kill_all_pydevd_threads(wait=False)
        for thread in list(self.pydb.created_pydb_daemon_threads):
            if thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))

    def stop_watching(self) -> None:
        """No code is watched any more, and no function of Python's is another one."""
        if HAS_MONITORING:
            clear_monitoring()
        else:
            self.end.clear_traces()
        self.changes.undo()

    def leave_child(self) -> None:
        """In a process that user code forked: breakpoints would stop it for ever."""
        import pydevd

        self.stop_watching()
        pydevd.settrace_forked(setup_tracing=False)
        if self.socket is not None:
            self.socket.close()


class Hurry:
    """The module `time`, but for long sleeps: pydevd gives its threads 0.1 s to start, and they have started."""

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    def sleep(self, seconds: float) -> None:
        time.sleep(min(seconds, 0.001))


class Over(Exception):
    """The debugger is to be taken out before it was configured."""


@contextlib.contextmanager
def fast_switching() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(min(before, FAST_SWITCHING))
    try:
        yield
    finally:
        sys.setswitchinterval(before)


@contextlib.contextmanager
def replaced(owner: Any, name: str, value: object) -> Iterator[None]:
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


def somebody_elses() -> str:
    """Why no debugger can be connected: another one is there; an empty text when there is none."""
    from _pydevd_bundle.pydevd_constants import get_global_debugger

    listen = getattr(sys.modules.get("debugpy.server.api"), "listen", None)
    if get_global_debugger() is not None or getattr(listen, "called", False):
        return ITS_OWN
    if HAS_MONITORING and (tool := sys.monitoring.get_tool(sys.monitoring.DEBUGGER_ID)):
        return f"another debugger is in the worker: sys.monitoring's place for one is taken by {tool!r}"
    return ""


def stop_here(*_args: object, **_kwargs: object) -> None:
    """breakpoint() while a debugger is there."""
    import pydevd

    pydevd.settrace(
        suspend=True,
        trace_only_current_thread=True,
        patch_multiprocessing=False,
        notify_stdin=False,
        stop_at_frame=sys._getframe(1),
    )


class Alarm(threading.Event):
    """One event for all threads of pydevd that wait for commands, who look again by themselves only after 0.2 s.

    A step or continue of debugpy 1.8.22 wakes an arbitrary event. And it takes one command each time it is woken, also
    when several came: who has more does not wait.
    """

    def __init__(self, pydb: Any):
        super().__init__()
        self.pydb = pydb

    def wait(self, timeout: float | None = None) -> bool:
        from _pydevd_bundle.pydevd_constants import get_current_thread_id

        commands = self.pydb._cmd_queue.get(get_current_thread_id(threading.current_thread()))
        return (commands is not None and not commands.empty()) or super().wait(timeout)


def share_event(pydb: Any) -> None:
    """One event for all threads, where pydevd has one for each."""
    if hasattr(pydb, "_thread_events") and hasattr(pydb, "_cmd_queue"):
        alarm = Alarm(pydb)
        pydb._thread_events = collections.defaultdict(lambda: alarm)


def forget_steps() -> None:
    """Threads keep for which step, or pause, they were to stop, and would with the next debugger."""
    from _pydevd_bundle.pydevd_thread_lifecycle import resume_threads

    resume_threads("*")


def is_anybody_stopped() -> bool:
    """Whether a thread still waits inside of the debugger."""
    for frame in sys._current_frames().values():
        innermost: types.FrameType | None = frame
        while innermost is not None:
            if innermost.f_code.co_name == "_do_wait_suspend":
                return True
            innermost = innermost.f_back
    return False


def clear_monitoring() -> None:
    """What pydevd leaves behind in sys.monitoring: events of code objects, which outlive the tool, and a callback."""
    monitoring = sys.monitoring
    tool = monitoring.DEBUGGER_ID
    if monitoring.get_tool(tool) is None:
        monitoring.use_tool_id(tool, "pydevd")
    elif monitoring.get_tool(tool) != "pydevd":
        return  # somebody else has taken the place since
    name = "_pydevd_sys_monitoring._pydevd_sys_monitoring"
    pydevd = sys.modules.get(name + "_cython") or sys.modules[name]
    monitoring.set_events(tool, 0)
    for code in list(pydevd._code_to_func_code_info_cache):
        if monitoring.get_local_events(tool, code):
            monitoring.set_local_events(tool, code, 0)
    for event in MONITORED:
        monitoring.register_callback(tool, getattr(monitoring.events, event), None)
    monitoring.free_tool_id(tool)


def forget_in_child() -> None:
    """For os.register_at_fork, which knows no way back: does nothing while there is no debugger."""
    session, State.session = State.session, None
    if session is not None:
        try:
            session.leave_child()
        except Exception as error:
            print(f"batchscope: a forked process keeps a debugger: {error}", file=sys.stderr, flush=True)
