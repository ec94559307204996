"""Stands in for the extension module: a worker runs the Python code that its setup brings along."""

import ctypes
import json
import os
import signal

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def become_subreaper():
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def serve(setup_json, worker, seat, wait):
    setup = json.loads(setup_json)
    facts = {"worker": worker, "seat": seat, "wait": wait, "folder": setup["folder"], "code": 0}
    exec(setup["script"], facts)
    return facts["code"]


def seal(run_folder):
    # A pipe whose reader, the test, is gone is not waited for.
    fd = os.open(os.path.join(run_folder, "sealed"), os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK)
    os.write(fd, b"sealed")
    os.close(fd)
