# SPDX-License-Identifier: Apache-2.0
"""Adam (Kingma & Ba 2015, algorithm 1) for the JAX peers, with PyTorch's defaults."""
import math

import jax
import jax.numpy as jnp

# The corrections 1 - beta^t as -expm1(t log beta): in fp32, 1 - 0.999**t has four digits at first.
LOG_BETA1, LOG_BETA2 = math.log(0.9), math.log(0.999)


def adam(state, gradient, lr):
    """The state (parameters, first and second moments, steps) after one more step."""
    parameters, first, second, t = state
    t = t + 1
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)
    c1, c2 = -jnp.expm1(t * LOG_BETA1), -jnp.expm1(t * LOG_BETA2)
    parameters = jax.tree.map(lambda p, m, v: p - lr * (m / c1) / (jnp.sqrt(v / c2) + 1e-8),
                              parameters, first, second)
    return parameters, first, second, t
