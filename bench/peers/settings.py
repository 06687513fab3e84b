# SPDX-License-Identifier: Apache-2.0
"""What run.py runs: populations, the peers with their settings, and the goals that brood is held to."""

# How far a peer's losses may be from brood's after 100 steps, relative.
TOLERANCE = {"fp32": 1e-4, "tf32": 1e-2}
STUDY = "tools/examples/digits.yaml"
HYPERBAND = "bench/peers/hyperband.yaml"

# Populations that are trained, by device.
POPULATIONS = {
    "cpu": {"A": [64], "B": [16], "C": [16], "D": [1024], "W1": [64], "W2": [16], "W3": [16], "W4": [50]},
    "cuda": {"W1": [132, 1024], "W4": [1000], "A": [1024], "D": [16896], "W2": [132], "W3": [132]},
}
QUICK = ["A", "D"]

# Of each tool, its settings: the script and its arguments. The first one is what --quick takes.
TOOLS = {
    "cpu": {
        "JAX": {"vmap": ["jax_vmap.py", "--variant", "vmap"],
                "vmap, unrolled": ["jax_vmap.py", "--variant", "unroll"],
                "map": ["jax_vmap.py", "--variant", "map"]},
        # bmm on one thread was the slowest in every workload.
        "PyTorch stacked": {"bmm": ["torch_stacked.py", "--variant", "bmm-eager"],
                            "bmm, compiled": ["torch_stacked.py", "--variant", "bmm-compile"],
                            "func": ["torch_stacked.py", "--variant", "func-eager"]},
        "PyTorch one by one": {"1 thread": ["torch_single.py", "--threads", "1"], "all threads": ["torch_single.py"]},
        "scikit-learn": {"fit": ["sklearn_mlp.py"]},
    },
    "cuda": {
        "JAX": {"vmap": ["jax_vmap.py", "--variant", "vmap"],
                "vmap, unrolled": ["jax_vmap.py", "--variant", "unroll"]},
        "PyTorch stacked": {"bmm, CUDA graph": ["torch_stacked.py", "--variant", "bmm-graph"],
                            "func, CUDA graph": ["torch_stacked.py", "--variant", "func-graph"],
                            "bmm, compiled": ["torch_stacked.py", "--variant", "bmm-compile"],
                            "bmm": ["torch_stacked.py", "--variant", "bmm-eager"]},
        "PyTorch one by one": {"fused Adam": ["torch_single.py"]},
    },
}
BEST = "best peer"
# (workload, peer, least ratio, and where given the populations it holds for)
GOALS = {
    "cpu": [("A", BEST, 2.5), ("B", BEST, 2.2), ("C", BEST, 1.4), ("D", BEST, 8), ("A", "PyTorch one by one", 10),
            ("digits study", "scikit-learn", 20)],
    "cuda": [("W1", BEST, 5, (132,)), ("W1", BEST, 3, (1024,)), ("W4", BEST, 10),
             ("digits study", "Optuna, PyTorch", 1000), ("hyperband study", "JAX", 20),
             ("hyperband study", "JAX, compiled before", 5)],
}
