# SPDX-License-Identifier: Apache-2.0
"""The digits as every tool is given them: brood's split, and the candidates of tools/examples/digits.yaml."""
import pathlib
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]

HIDDEN = [(32,), (64,), (64, 64), (128, 64)]
LR = (1e-4, 1e-1)  # log-uniform
BATCH_SIZE = [32, 64, 128]
DROPOUT = (0.0, 0.4)
WEIGHT_DECAY = (1e-6, 1e-2)  # log-uniform
ETA, MAX_EPOCHS = 4, 64


def load(folder):
    """x, y and the rows that train, validate and test. folder: of `brood_peer_bench split`."""
    path = ROOT / "tools/examples/digits.csv"
    with open(path) as file:
        names = file.readline().strip().split(",")
    table = np.loadtxt(path, delimiter=",", skiprows=1, dtype=np.float32)
    target = names.index("digit")
    x, y = np.delete(table, target, axis=1), table[:, target].astype(np.int64)
    return x, y, *(np.load(pathlib.Path(folder) / f"{part}.npy") for part in ("train", "valid", "test"))


def standardized(x, rows):
    """By the mean and deviation of some rows, as brood does."""
    deviation = x[rows].std(0)
    return ((x - x[rows].mean(0)) / np.where(deviation > 0, deviation, np.inf)).astype(np.float32)


def arguments():
    """DIR TRIALS DEVICE"""
    return sys.argv[1], int(sys.argv[2]), sys.argv[3]
