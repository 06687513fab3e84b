# SPDX-License-Identifier: Apache-2.0
"""A sweep's Hyperband (bench/peers/hyperband.yaml) in JAX: the same trials, rungs and survivors as brood's.

    jax_hyperband_study.py DIR ETA MAX_EPOCHS DEVICE     DIR: of `brood_peer_bench teacher` and `split`

Members of a rung that have depth and batch size in common train as one vmapped jit, padded to the widest
of them; survivors go on with their weights. Populations are padded to powers of two, so that few shapes
are compiled. The study runs twice: the second time everything is compiled already. Prints JSON.
"""
import functools
import json
import math
import pathlib
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np

import digits
from jax_adam import adam

compiles = 0


def forward(parameters, x):
    for weights, bias in parameters[:-1]:
        x = jax.nn.relu(x @ weights + bias)
    weights, bias = parameters[-1]
    return x @ weights + bias


def train_member(state, lr, l2, multipliers, offsets, epochs, x, y, batch_size):
    """Epochs of all rows, each in the affine order (multiplier * i + offset) mod rows; the last batch may be short."""
    n = len(x)
    steps = -(-n // batch_size)

    def loss(parameters, rows, weight):
        log_p = jax.nn.log_softmax(forward(parameters, x[rows]))
        return -jnp.sum(weight * jnp.take_along_axis(log_p, y[rows][:, None], axis=1)[:, 0]) / jnp.sum(weight)

    def step(at, state, multiplier, offset):
        parameters = state[0]
        position = at * batch_size + jnp.arange(batch_size)
        rows = (multiplier * position + offset) % n
        g = jax.grad(loss)(parameters, rows, (position < n).astype(jnp.float32))
        g = [(gw + l2 * w, gb) for (gw, gb), (w, _) in zip(g, parameters)]
        return adam(state, g, lr)

    def epoch(e, state):
        body = functools.partial(step, multiplier=multipliers[e], offset=offsets[e])
        return jax.lax.fori_loop(0, steps, body, state)

    return jax.lax.fori_loop(0, epochs, epoch, state)


@functools.partial(jax.jit, static_argnames="batch_size", donate_argnums=0)
def train(state, lr, l2, multipliers, offsets, epochs, x, y, batch_size):
    global compiles
    compiles += 1  # runs when it is traced, which is once for each shape
    one = functools.partial(train_member, batch_size=batch_size)
    return jax.vmap(one, in_axes=(0, 0, 0, 0, 0, None, None, None))(state, lr, l2, multipliers, offsets, epochs, x, y)


@jax.jit
def accuracy(parameters, x, y):
    """Of each member; -1 where it has diverged."""
    def one(parameters):
        logits = forward(parameters, x)
        return jnp.where(jnp.all(jnp.isfinite(logits)), jnp.mean(jnp.argmax(logits, 1) == y), -1.0)
    return jax.vmap(one)(parameters)


def padded(numbers):
    """As many as the next power of two: the last one stands in for what is missing."""
    size = 1 << (len(numbers) - 1).bit_length()
    return np.array(list(numbers) + [numbers[-1]] * (size - len(numbers)))


class Bucket:
    """The members of a bracket that have depth and batch size in common."""

    def __init__(self, trials, inputs, classes, random, rows, max_epochs):
        self.alive = list(range(len(trials)))
        self.batch_size = trials[0]["batch_size"]
        self.lr = np.array([trial["lr"] for trial in trials], np.float32)
        self.l2 = np.array([trial["l2"] for trial in trials], np.float32)
        coprime = np.array([m for m in range(1, rows) if math.gcd(m, rows) == 1], np.int32)
        self.multipliers = random.choice(coprime, (len(trials), max_epochs))
        self.offsets = random.integers(0, rows, (len(trials), max_epochs), dtype=np.int32)
        hidden = [max(widths) for widths in zip(*(trial["hidden"] for trial in trials))]
        sizes = [inputs, *hidden, classes]
        parameters = []
        for l, (fan_in, fan_out) in enumerate(zip(sizes, sizes[1:])):
            weights = np.zeros((len(trials), fan_in, fan_out), np.float32)
            bias = np.zeros((len(trials), fan_out), np.float32)
            for at, trial in enumerate(trials):
                own = [inputs, *trial["hidden"], classes]
                bound = own[l] ** -0.5
                weights[at, :own[l], :own[l + 1]] = random.uniform(-bound, bound, (own[l], own[l + 1]))
                bias[at, :own[l + 1]] = random.uniform(-bound, bound, own[l + 1])
            parameters.append((weights, bias))
        slots = padded(self.alive)
        parameters = [(jnp.asarray(w[slots]), jnp.asarray(b[slots])) for w, b in parameters]
        zeros = lambda: jax.tree.map(jnp.zeros_like, parameters)
        self.state = (parameters, zeros(), zeros(), jnp.zeros(len(slots)))

    def keep(self, alive):
        slots = padded([self.alive.index(member) for member in alive])
        self.state = jax.tree.map(lambda tensor: tensor[slots], self.state)
        self.alive = alive

    def train(self, start, until, x, y):
        slots = padded(self.alive)
        roll = lambda table: jnp.asarray(np.roll(table[slots], -start, axis=1))
        self.state = train(self.state, jnp.asarray(self.lr[slots]), jnp.asarray(self.l2[slots]), roll(self.multipliers),
                           roll(self.offsets), until - start, x, y, batch_size=self.batch_size)

    def accuracy(self, x, y):
        return np.asarray(accuracy(self.state[0], x, y))[:len(self.alive)]


def study(trials, eta, max_epochs, train_rows, valid_rows, test_rows):
    random = np.random.default_rng(5)
    inputs, classes = train_rows[0].shape[1], int(train_rows[1].max()) + 1
    best, of_best, member_epochs = -1.0, None, 0
    for first in sorted({trial["until_epoch"] for trial in trials}):
        bracket = {}
        for trial in trials:
            if trial["until_epoch"] == first:
                bracket.setdefault((len(trial["hidden"]), trial["batch_size"]), []).append(trial)
        buckets = [Bucket(members, inputs, classes, random, len(train_rows[0]), max_epochs)
                   for members in bracket.values()]
        start, until = 0, first
        while True:
            for bucket in buckets:
                bucket.train(start, until, *train_rows)
                member_epochs += len(bucket.alive) * (until - start)
            scores = [(score, b, member) for b, bucket in enumerate(buckets)
                      for score, member in zip(bucket.accuracy(*valid_rows), bucket.alive)]
            scores.sort(reverse=True)
            if until >= max_epochs:
                break
            scores = scores[:max(1, len(scores) // eta)]
            alive = {}
            for _, b, member in scores:
                alive.setdefault(b, []).append(member)
            for b, members in alive.items():
                buckets[b].keep(sorted(members))
            buckets = [buckets[b] for b in sorted(alive)]
            start, until = until, min(until * eta, max_epochs)
        score, b, member = scores[0]
        if score > best:
            best = float(score)
            of_best = float(buckets[b].accuracy(*test_rows)[buckets[b].alive.index(member)])
    return {"valid": best, "test": of_best, "member_epochs": member_epochs}


def main():
    folder, eta, max_epochs, device = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    with jax.default_device(jax.devices("gpu" if device == "cuda" else "cpu")[0]):
        start = time.perf_counter()
        trials = json.loads((folder / "trials.json").read_text())
        rows = {part: np.load(folder / f"{part}.npy") for part in ("train", "valid", "test")}
        x = digits.standardized(np.load(folder / "x.npy"), rows["train"])
        y = np.load(folder / "y.npy").astype(np.int32)
        parts = [(jnp.asarray(x[r]), jnp.asarray(y[r])) for r in rows.values()]
        found = study(trials, eta, max_epochs, *parts)
        first = time.perf_counter() - start
        start = time.perf_counter()
        study(trials, eta, max_epochs, *parts)
        print(json.dumps({"seconds": first, "warm_seconds": time.perf_counter() - start, **found, "compiles": compiles,
                          "version": f"JAX {jax.__version__}"}))


main()
