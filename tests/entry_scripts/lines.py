"""Reads each file and returns its text, as most scripts do in some form; logs as Azure's samples do."""

from azureml_user.parallel_run import EntryScript


def init():
    global logger
    logger = EntryScript().logger
    logger.info("init() is called.")


def run(mini_batch):
    rows = []
    for path in mini_batch:
        with open(path) as file:
            rows.append(f"{path}: {file.read().strip()}")
    logger.info("%d rows", len(rows))
    return rows


def shutdown():
    logger.info("shutdown() is called.")
