# SPDX-License-Identifier: Apache-2.0
"""JAX: the whole population in one jit, scan over steps, with its state donated.

    jax_vmap.py DIR --variant {vmap,unroll,map}     (a worker, see worker.py)

vmap: one batched step after the other. unroll: four of them per turn of the scan. map: member after
member, each for all steps (which keeps its state in cache on a CPU).
"""
import functools

import jax
import jax.numpy as jnp
import numpy as np

import worker
from jax_adam import adam

ACTIVATIONS = {"relu": jax.nn.relu, "tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid,
               "leaky_relu": jax.nn.leaky_relu, "identity": lambda x: x}


def forward(parameters, masks, x, activation):
    """One member's network."""
    for l, (weights, bias) in enumerate(parameters):
        x = x @ weights + bias
        if l + 1 < len(parameters):
            x = activation(x)
            if masks is not None:
                x = x * masks[l]
    return x


def loss_of(logits, y, task):
    if task != "classification":
        return jnp.mean((logits - y) ** 2)
    log_p = jax.nn.log_softmax(logits)
    return -jnp.mean(jnp.take_along_axis(log_p, y[:, None], axis=1))


def train_member(state, rows, lr, masks, x, y, *, activation, task, optimizer, unroll):
    """rows: (steps, batch)."""
    def loss(parameters, rows):
        return loss_of(forward(parameters, masks, x[rows], activation), y[rows], task)

    def step(state, rows):
        parameters, first, second, t = state
        g = jax.grad(loss)(parameters, rows)
        if optimizer == "sgd":
            return (jax.tree.map(lambda p, g: p - lr * g, parameters, g), first, second, t), None
        return adam(state, g, lr), None

    return jax.lax.scan(step, state, rows, unroll=unroll)[0]


class Trainer:
    def __init__(self, workload, device, variant):
        self.workload, self.members, self.variant = workload, workload.members, variant
        # Long enough on a GPU that calls cost nothing.
        self.steps_at_once = 10 if device == "cpu" else 100
        self.groups = workload.groups()
        self.x, self.y = jnp.asarray(workload.x), jnp.asarray(workload.y)
        self.lrs = [jnp.asarray(group.lr) for group in self.groups]
        self.masks = [None if g.masks is None else [jnp.asarray(m) for m in g.masks] for g in self.groups]
        self.set_order(workload.check_order)
        self.advance = jax.jit(self.train_all, donate_argnums=0)
        self.start()

    def set_order(self, order_of):
        orders = [order_of(group.members).transpose(1, 0, 2) for group in self.groups]  # (members, steps, batch)
        steps = orders[0].shape[1]
        self.orders = [[jnp.asarray(order[:, at:at + self.steps_at_once]) for order in orders]
                       for at in range(0, steps, self.steps_at_once)]

    def start(self):
        self.at = 0
        self.states = []
        for group in self.groups:
            parameters = [(jnp.array(w), jnp.array(b)) for w, b in group.layers]
            zeros = lambda: jax.tree.map(jnp.zeros_like, parameters)
            self.states.append((parameters, zeros(), zeros(), jnp.zeros(len(group.members))))

    def train_all(self, states, orders, lrs, masks, x, y):
        result = []
        for group, state, order, lr, mask in zip(self.groups, states, orders, lrs, masks):
            train = functools.partial(
                train_member, activation=ACTIVATIONS[group.activation], task=self.workload.task,
                optimizer=self.workload.optimizer, unroll=4 if self.variant == "unroll" else 1)
            if self.variant == "map":
                result.append(jax.lax.map(lambda member: train(*member, x, y), (state, order, lr, mask)))
            else:
                result.append(jax.vmap(train, in_axes=(0, 0, 0, 0, None, None))(state, order, lr, mask, x, y))
        return result

    def run(self, steps):
        for _ in range(steps // self.steps_at_once):
            order = self.orders[self.at % len(self.orders)]
            self.states = self.advance(self.states, order, self.lrs, self.masks, self.x, self.y)
            self.at += 1
        jax.block_until_ready(self.states)

    def check(self):
        self.run(self.workload.order.shape[1])
        losses = {}
        n = self.workload.check_rows
        for group, state, masks in zip(self.groups, self.states, self.masks):
            def loss(parameters, masks):
                logits = forward(parameters, masks, self.x[:n], ACTIVATIONS[group.activation])
                return loss_of(logits, self.y[:n], self.workload.task)
            losses.update(zip(group.members, np.asarray(jax.vmap(loss)(state[0], masks))))
        return self.workload.disagreement(losses)

    def prepare(self):
        self.set_order(self.workload.random_order)


def main():
    given, workload = worker.arguments(["vmap", "unroll", "map"])
    jax.config.update("jax_default_matmul_precision", "tensorfloat32" if given.precision == "tf32" else "float32")
    with jax.default_device(jax.devices("gpu" if given.device == "cuda" else "cpu")[0]):
        worker.serve(Trainer(workload, given.device, given.variant), f"JAX {jax.__version__}")


main()
