# SPDX-License-Identifier: Apache-2.0
"""PyTorch, one network at a time: what a loop over configurations does.

    torch_single.py DIR     (a worker, see worker.py)
"""
import torch
import torch.nn.functional as F

import worker

ACTIVATIONS = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid,
               "leaky_relu": torch.nn.LeakyReLU, "identity": torch.nn.Identity}
MEMBERS = 8  # of the population: one costs what another does


class Trainer:
    def __init__(self, workload, device):
        self.workload, self.device = workload, device
        self.numbers = workload.checked[:MEMBERS]
        self.members = len(self.numbers)
        self.steps_at_once = 10
        self.x = torch.tensor(workload.x, device=device)
        y = torch.tensor(workload.y, device=device)
        self.y = y.long() if workload.task == "classification" else y
        self.loss = F.cross_entropy if workload.task == "classification" else F.mse_loss
        order = workload.check_order(self.numbers).transpose(1, 0, 2)
        self.order = torch.tensor(order, device=device).long()  # (members, steps, batch)
        self.start()

    def start(self):
        self.at = 0
        self.networks = []
        for number in self.numbers:
            layers = []
            for weights, bias in self.workload.weights[number]:
                linear = torch.nn.Linear(weights.shape[1], weights.shape[0], device=self.device)
                with torch.no_grad():
                    linear.weight.copy_(torch.tensor(weights))
                    linear.bias.copy_(torch.tensor(bias))
                layers += [linear, ACTIVATIONS[self.workload.activation[number]]()]
            network = torch.nn.Sequential(*layers[:-1])
            lr = self.workload.lr[number]
            if self.workload.optimizer == "sgd":
                optimizer = torch.optim.SGD(network.parameters(), lr=lr)
            else:
                optimizer = torch.optim.Adam(network.parameters(), lr=lr, fused=True)
            self.networks.append((network, optimizer))

    def run(self, steps):
        period = self.order.shape[1]
        for (network, optimizer), order in zip(self.networks, self.order):
            for step in range(self.at, self.at + steps):
                rows = order[step % period]
                optimizer.zero_grad()
                self.loss(network(self.x[rows]), self.y[rows]).backward()
                optimizer.step()
        self.at += steps
        if self.device == "cuda":
            torch.cuda.synchronize()

    def check(self):
        self.run(self.order.shape[1])
        n = self.workload.check_rows
        with torch.no_grad():
            losses = [self.loss(network(self.x[:n]), self.y[:n]).item() for network, _ in self.networks]
        return self.workload.disagreement(dict(zip(self.numbers, losses)))

    def prepare(self):
        order = self.workload.random_order(self.numbers).transpose(1, 0, 2)
        self.order.copy_(torch.tensor(order, device=self.device))


def main():
    given, workload = worker.arguments(["eager"])
    torch.backends.cuda.matmul.allow_tf32 = given.precision == "tf32"
    if given.threads:
        torch.set_num_threads(given.threads)
    worker.serve(Trainer(workload, given.device), f"PyTorch {torch.__version__}")


main()
