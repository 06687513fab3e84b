# SPDX-License-Identifier: Apache-2.0
"""The study of tools/examples/digits.yaml by Optuna and PyTorch: random search, successive halving.

    optuna_torch_study.py DIR TRIALS DEVICE     DIR: of `brood_peer_bench split`; prints JSON

Trials train one after the other, as Optuna's examples do, and Optuna's SuccessiveHalvingPruner (ASHA)
stops them; the best is trained again on the training and validation rows for 64 epochs.
"""
import json
import time

import optuna
import torch
import torch.nn.functional as F

import digits

ACTIVATIONS = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "gelu": torch.nn.GELU}


class Network:
    """One network with its optimizer and schedule."""

    def __init__(self, config, device):
        layers, inputs = [], 64
        for width in config["hidden"]:
            layers += [torch.nn.Linear(inputs, width), ACTIVATIONS[config["activation"]](),
                       torch.nn.Dropout(config["dropout"])]
            inputs = width
        self.net = torch.nn.Sequential(*layers, torch.nn.Linear(inputs, 10)).to(device)
        self.batch_size, self.decay = config["batch_size"], config["weight_decay"]
        if config["optimizer"] == "adam":
            self.optimizer = torch.optim.AdamW(self.net.parameters(), lr=config["lr"], weight_decay=self.decay,
                                               fused=True)
        else:  # with the same decoupled decay
            self.optimizer = torch.optim.SGD(self.net.parameters(), lr=config["lr"], momentum=0.9)
        self.adam = config["optimizer"] == "adam"
        self.schedule = None

    def epoch(self, x, y):
        n, b = len(x), self.batch_size
        if self.schedule is None:
            steps = digits.MAX_EPOCHS * -(-n // b)
            self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, steps)
        self.net.train()
        for rows in torch.randperm(n, device=x.device).split(b):
            self.optimizer.zero_grad()
            F.cross_entropy(self.net(x[rows]), y[rows]).backward()
            if not self.adam:
                with torch.no_grad():
                    keep = 1 - self.optimizer.param_groups[0]["lr"] * self.decay
                    torch._foreach_mul_(list(self.net.parameters()), keep)
            self.optimizer.step()
            self.schedule.step()

    def accuracy(self, x, y):
        self.net.eval()
        with torch.no_grad():
            return (self.net(x).argmax(1) == y).float().mean().item()


def propose(trial):
    return {"hidden": digits.HIDDEN[trial.suggest_int("hidden", 0, len(digits.HIDDEN) - 1)],
            "activation": trial.suggest_categorical("activation", list(ACTIVATIONS)),
            "optimizer": trial.suggest_categorical("optimizer", ["adam", "momentum"]),
            "lr": trial.suggest_float("lr", *digits.LR, log=True),
            "batch_size": trial.suggest_categorical("batch_size", digits.BATCH_SIZE),
            "dropout": trial.suggest_float("dropout", *digits.DROPOUT),
            "weight_decay": trial.suggest_float("weight_decay", *digits.WEIGHT_DECAY, log=True)}


def main():
    folder, trials, device = digits.arguments()
    start = time.perf_counter()
    torch.manual_seed(7)
    if device == "cpu":
        torch.set_num_threads(1)  # a second thread makes networks of this size slower
    x, y, train, valid, test = digits.load(folder)
    y = torch.tensor(y, device=device)

    def part(x, rows):
        return torch.tensor(x[rows], device=device), y[torch.tensor(rows, device=device).long()]

    scaled = digits.standardized(x, train)
    training, validation = part(scaled, train), part(scaled, valid)

    def objective(trial):
        network = Network(propose(trial), device)
        for epoch in range(1, digits.MAX_EPOCHS + 1):
            network.epoch(*training)
            if epoch in (1, 4, 16, 64):
                score = network.accuracy(*validation)
                trial.report(score, epoch)
                if trial.should_prune():
                    raise optuna.TrialPruned()
        return score

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.RandomSampler(seed=7),
        pruner=optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=digits.ETA))
    study.optimize(objective, n_trials=trials)

    both = list(train) + list(valid)
    scaled = digits.standardized(x, both)
    winner = Network(propose(optuna.trial.FixedTrial(study.best_params)), device)
    for _ in range(digits.MAX_EPOCHS):
        winner.epoch(*part(scaled, both))
    score = winner.accuracy(*part(scaled, test))
    print(json.dumps({"seconds": time.perf_counter() - start, "valid": study.best_value, "test": score,
                      "version": f"Optuna {optuna.__version__}, PyTorch {torch.__version__}"}))


main()
