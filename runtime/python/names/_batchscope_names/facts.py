"""What a worker process knows about itself, from the environment variables the worker sets."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Facts:
    """One process's place in a run; outside a run the fields hold what suits a script tried out by hand."""

    run_id: str
    """Empty outside a run."""
    root_run_id: str
    run_folder: Path | None
    log_dir: str
    log_file: str
    """The process's own log; empty outside a run."""
    working_dir: str
    output_dir: str
    process: str
    logging_level: str

    @property
    def is_in_run(self) -> bool:
        """Whether this process is a worker of a run."""
        return bool(self.run_id and self.run_folder)


def read_facts() -> Facts:
    """The facts as the environment has them now."""
    environment = os.environ.get
    here = os.getcwd()
    folder = environment("BATCHSCOPE_RUN_FOLDER", "")
    run_id = environment("BATCHSCOPE_RUN_ID", "")
    return Facts(
        run_id=run_id,
        root_run_id=environment("AZUREML_ROOT_RUN_ID", run_id),
        run_folder=Path(folder) if folder else None,
        log_dir=environment("BATCHSCOPE_LOG_DIR", os.path.join(here, "logs")),
        log_file=environment("BATCHSCOPE_LOG_FILE", ""),
        working_dir=environment("BATCHSCOPE_WORKING_DIR", here),
        output_dir=environment("BATCHSCOPE_OUTPUT_DIR") or environment("AZUREML_BI_OUTPUT_PATH") or here,
        process=environment("BATCHSCOPE_AGENT_NAME", "process000"),
        logging_level=environment("BATCHSCOPE_LOGGING_LEVEL", "INFO"),
    )
