# SPDX-License-Identifier: Apache-2.0
"""PyTorch with a population as stacked tensors: torch.baddbmm, or torch.func's vmap of one network.

    torch_stacked.py DIR --variant {bmm,func}-{eager,compile,graph}     (a worker, see worker.py)
"""
import torch
import torch.nn.functional as F

import worker

ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid,
               "leaky_relu": F.leaky_relu, "identity": lambda x: x, "gelu": F.gelu}


def one_loss(logits, y, task):
    return F.cross_entropy(logits, y) if task == "classification" else F.mse_loss(logits, y)


class Stack:
    """One group of members: parameters, moments, the order of batches."""

    def __init__(self, group, workload, device, variant):
        self.group, self.workload, self.func = group, workload, variant == "func"
        tensor = lambda array: torch.tensor(array, device=device)
        self.initial = [tensor(t) for layer in group.layers for t in layer]
        self.parameters = [torch.empty_like(t) for t in self.initial]
        self.first = [torch.zeros_like(t) for t in self.initial]
        self.second = [torch.zeros_like(t) for t in self.initial]
        self.masks = None if group.masks is None else [tensor(mask) for mask in group.masks]
        self.lr = tensor(group.lr).reshape(-1, 1, 1)
        self.order = tensor(workload.check_order(group.members)).long()
        self.activation = ACTIVATIONS[group.activation]
        self.start()

    def start(self):
        for t, initial in zip(self.parameters, self.initial):
            t.copy_(initial)
        for t in self.first + self.second:
            t.zero_()

    def forward(self, parameters, x):
        """x: (members, rows, inputs); stacked."""
        layers = len(parameters) // 2
        for l in range(layers):
            x = torch.baddbmm(parameters[2 * l + 1], x, parameters[2 * l])
            if l + 1 < layers:
                x = self.activation(x)
                if self.masks is not None:
                    x = x * self.masks[l]
        return x

    def losses(self, logits, y):
        """(members): each the mean over its batch."""
        if self.workload.task == "classification":
            flat = F.cross_entropy(logits.flatten(0, 1), y.flatten(), reduction="none")
            return flat.reshape(y.shape).mean(1)
        return ((logits - y) ** 2).mean((1, 2))

    def gradients(self, x, y):
        if self.func:
            def loss_of_one(parameters, masks, x, y):
                layers = len(parameters) // 2
                for l in range(layers):
                    x = x @ parameters[2 * l] + parameters[2 * l + 1]
                    if l + 1 < layers:
                        x = self.activation(x)
                        if masks:
                            x = x * masks[l]
                return one_loss(x, y, self.workload.task)
            masks = tuple(self.masks or ())
            return torch.func.vmap(torch.func.grad(loss_of_one))(tuple(self.parameters), masks, x, y)
        parameters = [p.detach().requires_grad_() for p in self.parameters]
        # Members share nothing: the gradient of the sum is each member's own.
        return torch.autograd.grad(self.losses(self.forward(parameters, x), y).sum(), parameters)

    def step(self, x, y, t, corrections):
        """Step t (a tensor of one number, from 0) of Adam or SGD; corrections: 1 - beta^(t+1)."""
        rows = self.order.index_select(0, t)[0]  # order[t] would wait for the device
        gradients = self.gradients(x[rows], y[rows])
        with torch.no_grad():
            if self.workload.optimizer == "sgd":
                for p, g in zip(self.parameters, gradients):
                    p.sub_(self.lr * g)
                return
            first, second = corrections
            torch._foreach_lerp_(self.first, list(gradients), 0.1)
            torch._foreach_mul_(self.second, 0.999)
            torch._foreach_addcmul_(self.second, list(gradients), list(gradients), 0.001)
            for p, m, v in zip(self.parameters, self.first, self.second):
                p.sub_(self.lr * (m / first) / ((v / second).sqrt() + 1e-8))


class Trainer:
    def __init__(self, workload, device, variant):
        form, self.execution = variant.split("-")
        self.workload, self.members, self.device = workload, workload.members, device
        self.steps_at_once = 10
        self.stacks = [Stack(group, workload, device, form) for group in workload.groups()]
        self.x = torch.tensor(workload.x, device=device)
        y = torch.tensor(workload.y, device=device)
        self.y = y.long() if workload.task == "classification" else y
        self.t = torch.zeros(1, dtype=torch.long, device=device)
        self.powers = torch.ones(2, dtype=torch.float64, device=device)
        self.betas = torch.tensor([0.9, 0.999], dtype=torch.float64, device=device)
        self.execute = torch.compile(self.step) if self.execution == "compile" else self.step
        if self.execution == "graph":
            self.capture()

    def step(self):
        self.powers.mul_(self.betas)
        corrections = (1 - self.powers).float().unbind()
        for stack in self.stacks:
            stack.step(self.x, self.y, self.t, corrections)
        self.t.add_(1).remainder_(self.workload.order.shape[1])

    def capture(self):
        """Ten steps as one CUDA graph."""
        stream = torch.cuda.Stream()
        with torch.cuda.stream(stream):
            for _ in range(3):
                self.step()
        torch.cuda.current_stream().wait_stream(stream)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            for _ in range(self.steps_at_once):
                self.step()
        self.start()

    def run(self, steps):
        if self.execution == "graph":
            for _ in range(steps // self.steps_at_once):
                self.graph.replay()
        else:
            for _ in range(steps):
                self.execute()
        if self.device == "cuda":
            torch.cuda.synchronize()

    def start(self):
        for stack in self.stacks:
            stack.start()
        self.t.zero_()
        self.powers.fill_(1)

    def check(self):
        self.run(self.workload.order.shape[1])
        losses = {}
        n = self.workload.check_rows
        with torch.no_grad():
            for stack in self.stacks:
                members = len(stack.group.members)
                logits = stack.forward(stack.parameters, self.x[:n].expand(members, n, -1))
                of = stack.losses(logits, self.y[:n].expand(members, *self.y[:n].shape))
                losses.update(zip(stack.group.members, of.tolist()))
        return self.workload.disagreement(losses)

    def prepare(self):
        for stack in self.stacks:
            order = self.workload.random_order(stack.group.members)
            stack.order.copy_(torch.tensor(order, device=self.device))


def main():
    given, workload = worker.arguments(
        [f"{form}-{execution}" for form in ("bmm", "func") for execution in ("eager", "compile", "graph")])
    torch.backends.cuda.matmul.allow_tf32 = given.precision == "tf32"
    if given.threads:
        torch.set_num_threads(given.threads)
    worker.serve(Trainer(workload, given.device, given.variant), f"PyTorch {torch.__version__}")


main()
