"""The fork server of a run: a process of the user's interpreter that has imported what is heavy and forks the workers.

Run as a program by the host, which holds the other end of a socket: ``python _forkserver.py FD HOST_PID``. Needs the
standard library, and ``_worker`` and ``_debugger`` beside this file; the package ``batchscope`` is not imported.

Both sides write JSON objects, one a line. The host begins with the settings (``setup``, ``run_folder``, ``preload``),
then says ``fork``, ``kill`` or ``end``; the server says ``started``, ``exited`` or ``failed``. A host that is gone
without having said ``end`` has its workers killed and its record sealed.
"""

from __future__ import annotations

import gc
import importlib
import importlib.machinery
import importlib.util
import json
import os
import selectors
import signal
import socket
import sys
import traceback
import types
import warnings

HERE = os.path.dirname(os.path.abspath(__file__))
EXIT_NO_WORKER_MODULE = 1
EXIT_WORKER_BROKE = 70  # as EX_SOFTWARE: serve() raised
EXIT_CANNOT_FORK = 71  # as EX_OSERR


def main() -> int:
    """Serve one run; the exit code of the process."""
    # User code must not find this package's own files by their short names.
    if sys.path and os.path.abspath(sys.path[0]) == HERE:
        del sys.path[0]
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the host's; workers begin that way too
    link = Link(int(sys.argv[1]))
    settings = link.first()
    if settings is None:
        return 0
    try:
        worker_module = load_worker_module(HERE)
    except ImportError as error:
        print(f"batchscope: {error}", file=sys.stderr, flush=True)
        link.say_at_once({"failed": str(error)})
        return EXIT_NO_WORKER_MODULE
    worker_module.become_subreaper()
    preload(settings["preload"])
    gc.collect()
    preload_debugger(HERE, json.loads(settings["setup"]))
    gc.freeze()  # a worker's collections leave these objects, and the pages they lie in, alone
    server = Server(link, worker_module, settings["setup"], int(sys.argv[2]))
    was_told = server.serve()
    server.kill_everything()
    if not was_told:
        worker_module.seal(settings["run_folder"])
    return 0


def load_worker_module(folder: str) -> types.ModuleType:
    """The module ``_worker`` for this Python.

    Raises
    ------
    ImportError
        There is none, or it cannot be loaded; one sentence.
    """
    path = find_worker_module(folder)
    spec = importlib.util.spec_from_file_location("batchscope._worker", path)
    assert spec is not None and spec.loader is not None
    try:
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    except Exception as error:
        raise ImportError(f"{path} cannot be loaded into {sys.executable}: {error}") from error
    sys.modules[spec.name] = module
    return module


def find_worker_module(folder: str) -> str:
    """Where ``_worker`` for this Python's ABI lies; a pure-Python one counts where there is none for any Python."""
    for suffix in importlib.machinery.EXTENSION_SUFFIXES:
        path = os.path.join(folder, "_worker" + suffix)
        if os.path.isfile(path):
            return path
    others = sorted(name for name in os.listdir(folder) if name.startswith("_worker.") and name.endswith(".so"))
    pure = os.path.join(folder, "_worker.py")
    if not others and os.path.isfile(pure):
        return pure
    raise ImportError(
        f"Batchscope has no worker module for {sys.executable} (Python {sys.version.split()[0]}): expected"
        f" {os.path.join(folder, '_worker' + importlib.machinery.EXTENSION_SUFFIXES[0])}, found"
        f" {', '.join(others) or 'none'}; install batchscope with that Python, or name another one as `environment`"
    )


def preload(names: list[str]) -> None:
    """Import modules so that workers share their memory; one that cannot be imported is only logged."""
    for name in names:
        try:
            importlib.import_module(name)
        except BaseException as error:
            print(f"batchscope: {name} is not preloaded: {type(error).__name__}: {error}", file=sys.stderr, flush=True)


def preload_debugger(folder: str, setup: dict) -> None:
    """Have the module ``_debugger`` and debugpy in memory, connected to nothing, when the run allows debugging."""
    if not setup.get("debug"):
        return
    spec = importlib.util.spec_from_file_location("batchscope._debugger", os.path.join(folder, "_debugger.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    module.preload(setup.get("debugpy_folder") or "")


class Link:
    """JSON lines to and from the host; never blocks, except for `first` and `say_at_once`."""

    def __init__(self, fd: int) -> None:
        self.socket = socket.socket(fileno=fd)
        self.socket.set_inheritable(False)
        self.unread = b""
        self.unsent = b""

    def first(self) -> dict | None:
        """The host's first line; None when it is gone."""
        while b"\n" not in self.unread:
            data = self.socket.recv(1 << 16)
            if not data:
                return None
            self.unread += data
        line, self.unread = self.unread.split(b"\n", 1)
        self.socket.setblocking(False)
        return json.loads(line)

    def read(self) -> tuple[list[dict], bool]:
        """What the host said since, and whether it is still there."""
        is_there = True
        while True:
            try:
                data = self.socket.recv(1 << 16)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            if not data:
                is_there = False
                break
            self.unread += data
        *lines, self.unread = self.unread.split(b"\n")
        return [json.loads(line) for line in lines], is_there

    def say(self, report: dict) -> None:
        self.unsent += json.dumps(report).encode() + b"\n"
        self.flush()

    def say_at_once(self, report: dict) -> None:
        self.socket.setblocking(True)
        try:
            self.socket.sendall(json.dumps(report).encode() + b"\n")
        except OSError:
            pass  # the host is gone

    def flush(self) -> None:
        """Send what the host has room for."""
        try:
            while self.unsent:
                self.unsent = self.unsent[self.socket.send(self.unsent) :]
        except BlockingIOError:
            pass
        except OSError:
            self.unsent = b""  # the host is gone, which read() tells


class Server:
    """Forks, kills and reaps the workers of one run, on one thread."""

    def __init__(self, link: Link, worker_module: types.ModuleType, setup_json: str, host_pid: int) -> None:
        self.link = link
        self.worker_module = worker_module
        self.setup_json = setup_json
        self.workers: dict[int, int] = {}  # pid -> worker, of those not reaped yet
        self.selector = selectors.DefaultSelector()
        self.host_fd = open_host(host_pid)
        self.wake_read, self.wake_write = os.pipe()
        for fd in (self.wake_read, self.wake_write):
            os.set_blocking(fd, False)

    def serve(self) -> bool:
        """Work until the host says ``end`` (True) or is gone (False)."""
        signal.signal(signal.SIGCHLD, lambda *_: None)  # without a handler nothing is written to the descriptor
        signal.set_wakeup_fd(self.wake_write, warn_on_full_buffer=False)
        for fd in (self.wake_read, self.host_fd):
            if fd >= 0:
                self.selector.register(fd, selectors.EVENT_READ)
        self.selector.register(self.link.socket, selectors.EVENT_READ)
        while True:
            requests, is_there = self.link.read()
            for request in requests:
                if "end" in request:
                    return True
                self.obey(request)
            if not is_there:
                return False
            self.reap()
            self.link.flush()
            wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self.link.unsent else 0)
            self.selector.modify(self.link.socket, wanted)
            ready = {key.fd for key, _ in self.selector.select()}
            if self.wake_read in ready:
                os.read(self.wake_read, 1 << 16)
            if self.host_fd in ready and self.link.socket.fileno() not in ready:
                return False  # its forked children may still hold the other end of the socket

    def obey(self, request: dict) -> None:
        if "fork" in request:
            self.fork(request)
            return
        for pid, worker in self.workers.items():
            if worker == request["kill"]:
                kill_group(pid)

    def fork(self, request: dict) -> None:
        worker = request["fork"]
        server_pid = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a preloaded module may have started threads
                pid = os.fork()
        except OSError as error:
            print(f"batchscope: worker {worker} cannot be forked: {error}", file=sys.stderr, flush=True)
            self.link.say({"exited": worker, "status": EXIT_CANNOT_FORK << 8, "max_rss_kib": 0})
            return
        if pid == 0:
            self.be_worker(request, server_pid)
        try:
            os.setpgid(pid, pid)  # the child does so too: whoever comes first
        except OSError:
            pass
        self.workers[pid] = worker
        self.link.say({"started": worker, "pid": pid})

    def be_worker(self, request: dict, server_pid: int) -> None:
        """Become the worker; never returns."""
        code = EXIT_WORKER_BROKE
        try:
            os.setpgid(0, 0)
            self.worker_module.die_with_parent()
            if os.getppid() != server_pid:
                os._exit(EXIT_WORKER_BROKE)  # the server died before its death would have been noticed
            self.leave_server()
            os.environ.update(request["environment"])
            reseed()
            # What user code finds as __main__, multiprocessing for one, is not this file.
            sys.modules["__main__"] = types.ModuleType("__main__")
            code = self.worker_module.serve(self.setup_json, request["fork"], request["seat"], request["wait"])
        except BaseException:
            traceback.print_exc()
        finally:
            try:
                sys.stderr.flush()
            finally:
                os._exit(code)

    def leave_server(self) -> None:
        """Close, in the child, what is the server's alone."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self.selector.close()
        self.link.socket.close()
        for fd in (self.wake_read, self.wake_write, self.host_fd):
            if fd >= 0:
                os.close(fd)

    def reap(self) -> None:
        """Collect and report who has exited; what a worker left behind in its process group goes with it."""
        while True:
            try:
                # Not reaped yet: its pid, and the group of that number, cannot be somebody else's.
                child = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if child is None:
                return
            pid = child.si_pid
            worker = self.workers.pop(pid, None)
            if worker is not None:
                kill_group(pid)
            _, status, usage = os.wait4(pid, 0)
            if worker is not None:
                self.link.say({"exited": worker, "status": status, "max_rss_kib": usage.ru_maxrss})

    def kill_everything(self) -> None:
        """End the workers and all their descendants, which become our children as their parents go."""
        signal.set_wakeup_fd(-1)
        for pid in self.workers:
            kill_group(pid)
        while any([kill(pid) for pid in children()]):
            os.waitpid(-1, 0)


def open_host(pid: int) -> int:
    """A descriptor that is readable when the host is gone; -1 where the kernel has none."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return -1


def kill(pid: int) -> bool:
    """SIGKILL for a child; whether it was ours to kill."""
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        return False  # it has become another user's
    return True


def kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except OSError:
        pass  # nobody is left in it, or only processes that have become another user's


def children() -> list[int]:
    """This process's children, by pid; zombies are among them."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    fields = file.read().rpartition(b")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == os.getpid():
                found.append(int(name))
    return found


def reseed() -> None:
    """Give this worker random numbers of its own; the standard library does so by itself."""
    random = sys.modules.get("numpy.random")
    if random is not None:
        random.seed()


if __name__ == "__main__":
    CODE = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(CODE)  # the host waits, and the end of all that is imported would take longer than a small run
