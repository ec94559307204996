"""Does nothing: what is left is the engine's own work."""


def run(mini_batch):
    return mini_batch
