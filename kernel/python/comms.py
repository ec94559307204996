"""Comms (what ipywidgets talk over) through the `comm` package: its factory and manager are the kernel's."""

from typing import Any

import comm
from comm.base_comm import BaseComm, CommManager

from batchscope.kernel.messages import to_json


def install_comms(host: Any) -> CommManager:
    """Make every comm of this process a comm of this kernel; returns their manager."""

    class KernelComm(BaseComm):
        def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
            content = {"data": data or {}, "comm_id": self.comm_id, **keys}
            host.publish(msg_type, to_json(content), to_json(metadata or {}), [bytes(one) for one in buffers or []])

    manager = CommManager()
    comm.create_comm = KernelComm
    comm.get_comm_manager = lambda: manager
    return manager


def dispatch(manager: CommManager, message: dict, buffers: list[bytes]) -> dict | None:
    """Hand a comm_* message to its comm; returns the content of the reply of a comm_info_request."""
    kind = message["header"]["msg_type"]
    message["buffers"] = [memoryview(one) for one in buffers]
    if kind == "comm_info_request":
        target = message["content"].get("target_name")
        known = {
            comm_id: {"target_name": one.target_name}
            for comm_id, one in manager.comms.items()
            if target is None or target == "" or one.target_name == target
        }
        return {"status": "ok", "comms": known}
    handlers = {"comm_open": manager.comm_open, "comm_msg": manager.comm_msg, "comm_close": manager.comm_close}
    if kind in handlers:
        handlers[kind](None, None, message)
    return None
