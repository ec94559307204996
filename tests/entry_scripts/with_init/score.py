"""Loads numpy and pandas in init(), as scripts with a model do."""


def init():
    import numpy
    import pandas

    assert numpy.zeros(1).sum() == 0 and len(pandas.DataFrame()) == 0


def run(mini_batch):
    return mini_batch
