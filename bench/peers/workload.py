# SPDX-License-Identifier: Apache-2.0
"""A workload as `brood_peer_bench write` left it: data, members, weights and batch orders.

Members that differ are put into groups of one activation, padded to the widest of the group.
"""
import json
import pathlib

import numpy as np


class Group:
    """Members that train in lockstep: the same activation, layers padded to the same widths."""

    def __init__(self, workload, members):
        self.members = members  # numbers in the population
        self.activation = workload.activation[members[0]]
        hidden = [workload.hidden[m] for m in members]
        self.hidden = [max(widths) for widths in zip(*hidden)]
        self.lr = np.array([workload.lr[m] for m in members], np.float32)
        sizes = [workload.inputs, *self.hidden, workload.outputs]
        self.layers = []  # (weights (members, inputs, outputs), bias (members, 1, outputs)); padding is 0
        for inputs, outputs in zip(sizes, sizes[1:]):
            self.layers.append((np.zeros((len(members), inputs, outputs), np.float32),
                                np.zeros((len(members), 1, outputs), np.float32)))
        for at, member in enumerate(members):
            for (weights, bias), (w, b) in zip(self.layers, workload.weights[member]):
                weights[at, :w.shape[1], :w.shape[0]] = w.T
                bias[at, 0, :w.shape[0]] = b
        # Of each hidden layer, 1 where a member has the unit; None if all members have all.
        self.masks = None
        if any(widths != self.hidden for widths in hidden):
            self.masks = [np.zeros((len(members), 1, width), np.float32) for width in self.hidden]
            for at, widths in enumerate(hidden):
                for mask, width in zip(self.masks, widths):
                    mask[at, 0, :width] = 1


class Workload:
    def __init__(self, folder):
        folder = pathlib.Path(folder)
        self.__dict__.update(json.loads((folder / "workload.json").read_text()))
        self.x = np.load(folder / "x.npy")  # (rows, inputs)
        self.y = np.load(folder / "y.npy")  # (rows,) classes, or (rows, outputs)
        self.order = np.load(folder / "order.npy")  # (checked, 100, batch)
        self.loss = np.load(folder / "loss.npy")  # (checked): brood's, of all the check's rows, after these steps
        self.check_rows = 10 * self.batch_size
        self.members = len(self.hidden)
        self.weights = list(self._unpack(np.load(folder / "weights.npy")))

    def _unpack(self, flat):
        """Of each member, its layers: (weights (outputs, inputs), bias (outputs))."""
        at = 0
        for hidden in self.hidden:
            layers, inputs = [], self.inputs
            for outputs in [*hidden, self.outputs]:
                weights = flat[at:at + outputs * inputs].reshape(outputs, inputs)
                at += outputs * inputs
                layers.append((weights, flat[at:at + outputs]))
                at += outputs
                inputs = outputs
            yield layers

    def groups(self):
        by_kind = {}
        for member in range(self.members):
            by_kind.setdefault((self.activation[member], len(self.hidden[member])), []).append(member)
        return [Group(self, members) for members in by_kind.values()]

    def check_order(self, members):
        """(100, members, batch): those of the checked members, and of some of them for the others."""
        row = {member: at for at, member in enumerate(self.checked)}
        rows = [row.get(member, at % len(self.checked)) for at, member in enumerate(members)]
        return np.ascontiguousarray(self.order[rows].transpose(1, 0, 2))

    def random_order(self, members):
        """As many batches of any rows of the table: what is timed."""
        shape = (self.order.shape[1], len(members), self.batch_size)
        return np.random.default_rng(1).integers(0, self.rows, shape, dtype=np.int32)

    def disagreement(self, losses):
        """The largest relative difference of the checked members' losses (by member) from brood's."""
        ours = np.array([losses[member] for member in self.checked], np.float64)
        return float(np.max(np.abs(ours - self.loss) / np.abs(self.loss)))
