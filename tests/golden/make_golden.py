#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes golden_cases.hpp: what PyTorch makes of a tiny network, in float64.

Run by hand when a case is added; the tests read the committed header and need no Python.
Written with PyTorch 1.13.1 (Debian's python3-torch).   usage: make_golden.py > golden_cases.hpp
"""
import math

import torch
from torch import nn
from torch.optim import lr_scheduler

torch.set_default_dtype(torch.float64)
ROWS, INPUTS, HIDDEN, OUTPUTS, STEPS = 24, 4, (5, 3), 3, 10


class Draws:
    """A 32-bit LCG (Numerical Recipes); numbers are multiples of 2^-10, exact in fp32."""

    def __init__(self, seed):
        self.state = seed

    def __call__(self, size):
        self.state = (1664525 * self.state + 1013904223) % 2**32
        return round((self.state / 2**31 - 1) * size * 1024) / 1024


def make_data():
    draw = Draws(7)
    x = [[draw(2.0) for _ in range(INPUTS)] for _ in range(ROWS)]
    values = [[draw(1.5) for _ in range(OUTPUTS)] for _ in range(ROWS)]
    labels = [[1.0 if draw(1.0) > 0 else 0.0 for _ in range(OUTPUTS)] for _ in range(ROWS)]
    classes = [r % 3 if r % 5 else 0 for r in range(ROWS)]
    return x, values, labels, classes


def make_weights(outputs):
    draw = Draws(11)
    widths = (INPUTS, *HIDDEN, outputs)
    layers = []
    for n_in, n_out in zip(widths, widths[1:]):
        w = [[draw(0.9) for _ in range(n_in)] for _ in range(n_out)]
        layers.append((w, [draw(0.3) for _ in range(n_out)]))
    return layers


X, VALUES, LABELS, CLASSES = make_data()

ACTIVATIONS = {
    "identity": nn.Identity(), "relu": nn.ReLU(), "leaky_relu": nn.LeakyReLU(), "elu": nn.ELU(),
    "selu": nn.SELU(), "gelu": nn.GELU(), "silu": nn.SiLU(), "mish": nn.Mish(), "tanh": nn.Tanh(),
    "sigmoid": nn.Sigmoid(), "softplus": nn.Softplus(), "hardswish": nn.Hardswish(),
    "sin": torch.sin,
}


class Ntk(nn.Linear):
    """W x / sqrt(inputs) + b, which starts as the plain layer of these weights does."""

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)
        self.root = math.sqrt(inputs)

    def start(self, w, b):
        self.weight.data = torch.tensor(w) * self.root
        self.bias.data = torch.tensor(b)

    def forward(self, x):
        return nn.functional.linear(x, self.weight / self.root, self.bias)


class Net(nn.Module):
    def __init__(self, activation, outputs, ntk=False):
        super().__init__()
        self.activation = ACTIVATIONS[activation]
        self.layers = nn.ModuleList()
        for w, b in make_weights(outputs):
            layer = (Ntk if ntk else nn.Linear)(len(w[0]), len(w))
            if ntk:
                layer.start(w, b)
            else:
                layer.weight.data = torch.tensor(w)
                layer.bias.data = torch.tensor(b)
            self.layers.append(layer)

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = self.activation(layer(x))
        return self.layers[-1](x)

    def flat(self):
        return [v for layer in self.layers
                for p in (layer.weight / getattr(layer, "root", 1), layer.bias)
                for v in p.detach().flatten().tolist()]


def tweedie(z, t, p):
    mean = torch.exp(z)
    return (mean ** (2 - p) / (2 - p) - t * mean ** (1 - p) / (1 - p)).mean()


def make_loss(c):
    """The loss of brood's config `c` as PyTorch has it, on all rows' targets: f(z, rows)."""
    name, task = c.get("loss"), c["task"]
    smoothing = c.get("label_smoothing", 0.0)
    if task == "classification" and name in (None, "cross_entropy"):
        weight = None
        if c.get("class_weights") == "balanced":
            count = torch.bincount(torch.tensor(CLASSES), minlength=OUTPUTS)
            weight = ROWS / (OUTPUTS * count)
        f = nn.CrossEntropyLoss(weight=weight, label_smoothing=smoothing)
        target = torch.tensor(CLASSES)
    elif name == "bce" or task == "multi_label":
        f = nn.BCEWithLogitsLoss()
        if task == "multi_label":
            target = torch.tensor(LABELS)
        elif c["outputs"] == 2:
            target = torch.tensor([[float(k == 1)] for k in CLASSES])
        else:
            target = nn.functional.one_hot(torch.tensor(CLASSES), OUTPUTS).to(torch.float64)
        target = (1 - smoothing) * target + smoothing / 2
    else:
        f = {"mae": nn.L1Loss(), "huber": nn.HuberLoss(delta=c.get("huber_delta", 1.0)),
             "poisson": nn.PoissonNLLLoss(log_input=True),
             "pinball": lambda z, t: torch.maximum(c["tau"] * (t - z), (c["tau"] - 1) * (t - z)).mean(),
             "log_cosh": lambda z, t: torch.log(torch.cosh(z - t)).mean(),
             "tweedie": lambda z, t: tweedie(z, t, c["tweedie_power"])}.get(name, nn.MSELoss())
        target = torch.tensor(VALUES)
        if name in ("poisson", "tweedie"):
            target = target.abs()
    return lambda z, rows: f(z, target[rows])


def make_optimizer(c, net):
    weights = [layer.weight for layer in net.layers]
    biases = [layer.bias for layer in net.layers]
    name, lr = c.get("optimizer", "adam"), c["lr"]
    # Decay acts on weights only.
    decay = c.get("weight_decay", 0.01) if name == "adamw" else c.get("l2", 0.0)
    groups = [{"params": weights, "weight_decay": decay},
              {"params": biases, "weight_decay": 0.0, "lr": lr * c.get("bias_lr", 1.0)}]
    if "eps" in c:
        for group in groups:
            group["eps"] = c["eps"]
    momentum = c.get("momentum", 0.9)
    return {
        "sgd": lambda: torch.optim.SGD(groups, lr=lr),
        "momentum": lambda: torch.optim.SGD(groups, lr=lr, momentum=momentum),
        "nesterov": lambda: torch.optim.SGD(groups, lr=lr, momentum=momentum, nesterov=True),
        "adagrad": lambda: torch.optim.Adagrad(groups, lr=lr),
        "rmsprop": lambda: torch.optim.RMSprop(groups, lr=lr),
        "adadelta": lambda: torch.optim.Adadelta(groups, lr=lr),
        "adam": lambda: torch.optim.Adam(groups, lr=lr),
        "adamw": lambda: torch.optim.AdamW(groups, lr=lr),
        # One by one, this PyTorch counts a momentum twice (mended in 2.0); for all at once it does not.
        "nadam": lambda: torch.optim.NAdam(
            groups, lr=lr, momentum_decay=c.get("momentum_decay", 4e-3), foreach=True),
    }[name]()


def share(name, t):
    """Of a rate, at the share `t` of the training, by a schedule that PyTorch has not."""
    if name == "coslog":
        return (1 - math.cos(2 * math.pi * math.log2(1 + 15 * t))) / 2
    if name == "flat_cosine":
        return (1 + math.cos(math.pi * (max(1, 2 * t) - 1))) / 2
    return 1.0


def prepare_step(c, optimizer, net, step, total):
    """What this PyTorch's optimizers do not do themselves, before they step (from 0)."""
    if "weight_decay" in c and c["optimizer"] != "adamw":  # decoupled, as AdamW has it
        with torch.no_grad():
            for layer in net.layers:
                layer.weight.mul_(1 - optimizer.param_groups[0]["lr"] * c["weight_decay"] *
                                  share(c.get("weight_decay_schedule"), step / total))
    if c.get("adam_eps") == "inside":  # beside the raw root, so that dividing by its correction leaves eps
        for group in optimizer.param_groups:
            group["eps"] = c["eps"] / (1 - 0.999 ** (step + 1)) ** 0.5


def make_schedule(c, optimizer, total):
    """(scheduler, whether it is stepped per batch rather than per epoch)."""
    name = c.get("lr_schedule")
    final = c.get("lr_final", 0.0)
    return {
        None: lambda: (None, False),
        "step": lambda: (lr_scheduler.StepLR(optimizer, c["lr_step_epochs"], c["lr_gamma"]), False),
        "exponential": lambda: (lr_scheduler.ExponentialLR(optimizer, c["lr_gamma"]), False),
        "cosine": lambda: (lr_scheduler.CosineAnnealingLR(
            optimizer, total, eta_min=final * c["lr"]), True),
        "linear": lambda: (lr_scheduler.LinearLR(optimizer, 1.0, final, total), True),
        "one_cycle": lambda: (lr_scheduler.OneCycleLR(
            optimizer, c["lr"], total_steps=total, cycle_momentum=False), True),
        "coslog": lambda: (lr_scheduler.LambdaLR(optimizer, lambda s: share("coslog", s / total)), True),
        "flat_cosine": lambda: (lr_scheduler.LambdaLR(
            optimizer, lambda s: share("flat_cosine", s / total)), True),
    }[name]()


def run(c):
    ntk = c.get("parametrization") == "ntk"
    net = Net(c.get("activation", "tanh"), 1 if c["outputs"] == 2 else OUTPUTS, ntk)
    loss_of, optimizer = make_loss(c), make_optimizer(c, net)
    per_epoch = -(-ROWS // c["batch_size"])
    schedule, per_batch = make_schedule(c, optimizer, per_epoch * c["epochs"])
    average = None
    if "ema" in c:
        keep = c["ema"]
        average = torch.optim.swa_utils.AveragedModel(
            net, avg_fn=lambda avg, new, _: keep * avg + (1 - keep) * new)
        average.update_parameters(net)  # the first update copies: the average starts here
    losses, x = [], torch.tensor(X)
    for step in range(per_epoch * c["epochs"]):
        first = step % per_epoch * c["batch_size"]
        rows = list(range(first, min(first + c["batch_size"], ROWS)))
        optimizer.zero_grad()
        loss = loss_of(net(x[rows]), rows)
        loss.backward()
        losses.append(loss.item())
        if "clip_value" in c:
            nn.utils.clip_grad_value_(net.parameters(), c["clip_value"])
        if "clip_norm" in c:
            nn.utils.clip_grad_norm_(net.parameters(), c["clip_norm"])
        prepare_step(c, optimizer, net, step, per_epoch * c["epochs"])
        optimizer.step()
        if average:
            average.update_parameters(net)
        if schedule and (per_batch or (step + 1) % per_epoch == 0):
            schedule.step()
    return losses, net.flat(), average.module.flat() if average else []


def cases():
    full = {"task": "classification", "outputs": 3, "lr": 0.05, "batch_size": ROWS,
            "epochs": STEPS, "hidden": list(HIDDEN), "activation": "tanh"}
    rate = {"sgd": 0.3, "momentum": 0.1, "nesterov": 0.1, "adagrad": 0.1, "rmsprop": 0.01,
            "adadelta": 1.0, "adam": 0.05, "adamw": 0.05, "nadam": 0.05}
    for name, lr in rate.items():
        yield "optimizer_" + name, {**full, "optimizer": name, "lr": lr}
        if name != "adamw":
            yield "l2_" + name, {**full, "optimizer": name, "lr": lr, "l2": 0.03}
    yield "adamw_strong_decay", {**full, "optimizer": "adamw", "weight_decay": 0.5}
    nadam = {**full, "optimizer": "nadam"}
    yield "nadam_decay", {**nadam, "weight_decay": 0.5}
    yield "nadam_momentum_decay", {**nadam, "momentum_decay": 0.1}
    yield "nadam_eps_inside", {**nadam, "adam_eps": "inside", "eps": 0.01}
    yield "nadam_all_around", {**nadam, "momentum_decay": 0.05, "clip_value": 0.05, "clip_norm": 0.1,
                               "weight_decay": 0.2, "ema": 0.7}
    schedules = {
        "step": {"lr_step_epochs": 3, "lr_gamma": 0.5}, "exponential": {"lr_gamma": 0.8},
        "cosine": {}, "linear": {"lr_final": 0.1}, "one_cycle": {}, "coslog": {}, "flat_cosine": {},
    }
    for name, more in schedules.items():
        base = {**full, "optimizer": "momentum", "lr": 0.1, "lr_schedule": name, **more}
        yield "schedule_" + name, base
        yield "batches_schedule_" + name, {
            **base, "batch_size": 10, "epochs": 4, **({"lr_step_epochs": 2} if name == "step" else {})}
    yield "schedule_cosine_final", {
        **full, "optimizer": "sgd", "lr": 0.3, "lr_schedule": "cosine", "lr_final": 0.2}
    for name in ACTIVATIONS:
        yield "activation_" + name, {**full, "activation": name, "optimizer": "momentum", "lr": 0.1}
    sgd = {**full, "optimizer": "sgd", "lr": 0.3}
    regression = {**sgd, "task": "regression"}
    yield "loss_cross_entropy_smoothed", {**sgd, "label_smoothing": 0.2}
    yield "loss_cross_entropy_balanced", {**sgd, "class_weights": "balanced"}
    yield "loss_bce_two_classes", {**sgd, "loss": "bce", "outputs": 2}
    yield "loss_bce_classes_smoothed", {**sgd, "loss": "bce", "label_smoothing": 0.2}
    yield "loss_bce_labels", {**sgd, "task": "multi_label"}
    yield "loss_mse", regression
    yield "loss_mae", {**regression, "loss": "mae"}
    yield "loss_huber", {**regression, "loss": "huber", "huber_delta": 0.4}
    yield "loss_pinball", {**regression, "loss": "pinball", "tau": 0.8}
    yield "loss_log_cosh", {**regression, "loss": "log_cosh"}
    yield "loss_poisson", {**regression, "lr": 0.1, "loss": "poisson"}
    yield "loss_tweedie", {**regression, "lr": 0.1, "loss": "tweedie", "tweedie_power": 1.3}
    yield "clip_value", {**sgd, "clip_value": 0.02}
    yield "clip_norm", {**sgd, "clip_norm": 0.1}
    yield "clip_norm_rarely", {**sgd, "clip_norm": 0.25}
    yield "clip_both_adam_l2", {**full, "clip_value": 0.05, "clip_norm": 0.1, "l2": 0.03}
    yield "ema", {**sgd, "ema": 0.7}
    yield "bias_lr", {**full, "bias_lr": 0.1}
    yield "decay_flat_cosine", {
        **full, "optimizer": "adam", "weight_decay": 0.5, "weight_decay_schedule": "flat_cosine"}
    for name, lr in rate.items():
        if name != "adadelta":
            yield "ntk_" + name, {**full, "optimizer": name, "lr": 2 * lr, "parametrization": "ntk",
                                  "bias_lr": 0.1, "weight_decay": 0.02}
    # As RealMLP trains, but for an eps that shows.
    yield "ntk_realmlp", {**full, "optimizer": "adam", "lr": 0.2, "parametrization": "ntk", "bias_lr": 0.1,
                          "eps": 0.01, "weight_decay": 0.02, "lr_schedule": "coslog",
                          "weight_decay_schedule": "flat_cosine"}


def number(v):
    return f"{v:.13g}" if "." in f"{v:.13g}" or "e" in f"{v:.13g}" else f"{v:.1f}"


def numbers(values):
    return "{" + ", ".join(number(v) for v in values) + "}"


def value(v):
    if isinstance(v, str):
        return f'std::string("{v}")'
    if isinstance(v, list):
        return "std::vector<std::int64_t>{" + ", ".join(map(str, v)) + "}"
    return f"std::int64_t{{{v}}}" if isinstance(v, int) else number(v)


def flat(rows):
    return [v for row in rows for v in row]


def dense(layers):
    return [v for w, b in layers for v in flat(w) + b]


print(f"""// SPDX-License-Identifier: Apache-2.0
// Written by make_golden.py with PyTorch {torch.__version__}, in float64: a {INPUTS}-{HIDDEN[0]}-{HIDDEN[1]}-{OUTPUTS} network
// (or with one output) on {ROWS} rows in their order. Do not edit.
// clang-format off
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "brood/table.hpp"
#include "brood/value.hpp"

namespace brood::golden {{

struct Case {{
  std::string name;
  Task task;
  int outputs;  // classes, or target columns
  Config config;
  std::vector<double> losses;   // of each step's batch
  std::vector<double> weights;  // after the last step, dense
  std::vector<double> average;  // likewise, with ema
}};

inline constexpr int kRows = {ROWS}, kInputs = {INPUTS};
inline std::vector<double> const kX = {numbers(flat(X))};
inline std::vector<double> const kValues = {numbers(flat(VALUES))};
inline std::vector<double> const kLabels = {numbers(flat(LABELS))};
inline std::vector<double> const kClasses = {numbers(CLASSES)};  // for two classes: 1 or not
inline std::vector<double> const kWeightsOfThree = {numbers(dense(make_weights(OUTPUTS)))};
inline std::vector<double> const kWeightsOfOne = {numbers(dense(make_weights(1)))};

inline std::vector<Case> cases() {{
  std::vector<Case> list;""")
for name, c in cases():
    losses, weights, average = run(c)
    config = ", ".join(f'{{"{k}", {value(v)}}}' for k, v in c.items() if k not in ("task", "outputs"))
    print(f'  list.push_back({{"{name}", Task::{c["task"]}, {c["outputs"]},\n    Config{{{config}}},\n'
          f"    {numbers(losses)},\n    {numbers(weights)},\n    {numbers(average)}}});")
print("""  return list;
}

}  // namespace brood::golden""")
