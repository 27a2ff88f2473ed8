"""JAX's side of the comparison: a whole training step in one compiled function whose state is updated in place, images
with their channels last, which is JAX's fastest on a CPU."""

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import numpy as np
import optax
from jax import lax
from jax import numpy as jnp

from protocol import CONVOLUTION, Clock, arguments

RANDOM = np.random.default_rng(0)
LAYOUT = ("NHWC", "HWIO", "NHWC")
EPSILON = 1e-5


def randn(*size):
    return jnp.asarray(RANDOM.standard_normal(size, dtype=np.float32))


def linear(inputs, outputs):
    return {"weight": randn(inputs, outputs) / np.sqrt(inputs), "bias": jnp.zeros(outputs)}


def convolution(inputs, outputs, kernel):
    return {"weight": randn(kernel, kernel, inputs, outputs) / np.sqrt(inputs * kernel**2), "bias": jnp.zeros(outputs)}


def norm(width):
    return {"weight": jnp.ones(width), "bias": jnp.zeros(width)}


def apply_linear(p, x):
    return x @ p["weight"] + p["bias"]


def apply_convolution(p, x, padding):
    y = lax.conv_general_dilated(x, p["weight"], (1, 1), [(padding, padding)] * 2, dimension_numbers=LAYOUT)
    return y + p["bias"] if "bias" in p else y


def max_pool(x):
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def lenet5():
    sizes = {"fc1": (400, 120), "fc2": (120, 84), "fc3": (84, 10)}
    layers = {name: linear(*size) for name, size in sizes.items()}
    return layers | {"conv1": convolution(1, 6, 5), "conv2": convolution(6, 16, 5)}


def apply_lenet5(p, x):
    x = max_pool(jax.nn.relu(apply_convolution(p["conv1"], x, 2)))
    x = max_pool(jax.nn.relu(apply_convolution(p["conv2"], x, 0)))
    x = jax.nn.relu(apply_linear(p["fc1"], x.reshape(x.shape[0], -1)))
    return apply_linear(p["fc3"], jax.nn.relu(apply_linear(p["fc2"], x)))


def mlp():
    return [linear(784, 512), linear(512, 256), linear(256, 10)]


def apply_mlp(p, x):
    x = jax.nn.relu(apply_linear(p[1], jax.nn.relu(apply_linear(p[0], x))))
    return apply_linear(p[2], x)


CHANNELS = [(3, 64), (64, 128), (128, 128), (128, 128), (128, 256), (256, 512), (512, 512), (512, 512)]


def resnet9():
    def block(inputs, outputs):
        weight = convolution(inputs, outputs, 3)["weight"]
        return {"conv": {"weight": weight}, "norm": norm(outputs)}

    return {"blocks": [block(*size) for size in CHANNELS], "head": linear(512, 10)}


def running_statistics():
    return [{"mean": jnp.zeros(outputs), "var": jnp.ones(outputs)} for _, outputs in CHANNELS]


def apply_resnet9(p, running, x):
    after = []

    def block(index, x):
        y = apply_convolution(p["blocks"][index]["conv"], x, 1)
        mean, count = y.mean((0, 1, 2)), y.size / y.shape[-1]
        var = jnp.mean(y * y, (0, 1, 2)) - mean * mean
        old, unbiased = running[index], var * count / (count - 1)
        after.append({"mean": 0.9 * old["mean"] + 0.1 * mean, "var": 0.9 * old["var"] + 0.1 * unbiased})
        scale = p["blocks"][index]["norm"]["weight"] * lax.rsqrt(var + EPSILON)
        return jax.nn.relu(y * scale + (p["blocks"][index]["norm"]["bias"] - mean * scale))

    x = max_pool(block(1, block(0, x)))
    x = x + block(3, block(2, x))
    x = max_pool(block(4, x))
    x = max_pool(block(5, x))
    x = x + block(7, block(6, x))
    return apply_linear(p["head"], x.max((1, 2))), after


def encoder(width=128, inner=512):
    return {
        "norm1": norm(width), "norm2": norm(width), "qkv": linear(width, 3 * width), "out": linear(width, width),
        "up": linear(width, inner), "down": linear(inner, width), "head": linear(width, 10),
    }


def apply_encoder(p, x, heads=4):
    batch, length, width = x.shape

    def layer_norm(p, x):
        mean = x.mean(-1, keepdims=True)
        var = ((x - mean) ** 2).mean(-1, keepdims=True)
        return (x - mean) * lax.rsqrt(var + EPSILON) * p["weight"] + p["bias"]

    qkv = apply_linear(p["qkv"], layer_norm(p["norm1"], x)).reshape(batch, length, 3, heads, width // heads)
    q, k, v = jnp.transpose(qkv, (2, 0, 3, 1, 4))
    weights = jax.nn.softmax(q @ jnp.swapaxes(k, -1, -2) / np.sqrt(width // heads), -1)
    x = x + apply_linear(p["out"], jnp.swapaxes(weights @ v, 1, 2).reshape(batch, length, width))
    up = jax.nn.gelu(apply_linear(p["up"], layer_norm(p["norm2"], x)), approximate=False)
    return apply_linear(p["head"], (x + apply_linear(p["down"], up)).mean(1))


def without_state(apply):
    return lambda p, state, x: (apply(p, x), state)


def sgd():
    return optax.sgd(0.01, momentum=0.9)


def adam():
    return optax.adam(1e-3)


TRAININGS = {
    "W1b64": (lenet5, without_state(apply_lenet5), (64, 28, 28, 1), sgd),
    "W1b512": (lenet5, without_state(apply_lenet5), (512, 28, 28, 1), sgd),
    "W2": (mlp, without_state(apply_mlp), (128, 784), adam),
    "W3": (resnet9, apply_resnet9, (128, 32, 32, 3), sgd),
    "W7": (encoder, without_state(apply_encoder), (32, 64, 128), adam),
}


def train(build, apply, size, optimizer):
    x, y = randn(*size), jnp.asarray(RANDOM.integers(0, 10, size[0]), jnp.int32)
    optimizer, params = optimizer(), build()
    state = running_statistics() if apply is apply_resnet9 else None

    def loss(params, state):
        logits, state = apply(params, state, x)
        return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean(), state

    def step(params, state, memory):
        (value, state), grads = jax.value_and_grad(loss, has_aux=True)(params, state)
        updates, memory = optimizer.update(grads, memory, params)
        return optax.apply_updates(params, updates), state, memory, value

    compiled = jax.jit(step, donate_argnums=(0, 1, 2))
    now = [params, state, optimizer.init(params)]

    def run(steps):
        for _ in range(steps):
            *now[:], value = compiled(*now)
        value.block_until_ready()

    return run


def repeat(function, *inputs):
    def run(steps):
        for _ in range(steps):
            output = function(*inputs)
        jax.block_until_ready(output)

    return run


def main():
    args = arguments(__doc__, ["jit"])
    clock = Clock(args.name or "jax", args.window, args.windows)
    for workload in args.workload:
        if workload in TRAININGS:
            build, apply, size, optimizer = TRAININGS[workload]
            clock.rate(workload, "train", size[0], "samples/s", train(build, apply, size, optimizer))
        elif workload == "W4":
            layer, x, grad = convolution(64, 128, 3), randn(64, 32, 32, 64), randn(64, 32, 32, 128)
            forward = jax.jit(lambda p, x: apply_convolution(p, x, 1))
            clock.rate("W4", "conv_fwd", CONVOLUTION, "GFLOP/s", repeat(forward, layer, x))

            @jax.jit
            def both(p, x, grad):
                output, backward = jax.vjp(lambda p, x: apply_convolution(p, x, 1), p, x)
                return output, backward(grad)

            clock.rate("W4", "conv_fwd_bwd", 3 * CONVOLUTION, "GFLOP/s", repeat(both, layer, x, grad))
        elif workload == "W5":
            model, params = jax.jit(apply_lenet5), lenet5()
            one, many = randn(1, 28, 28, 1), randn(256, 28, 28, 1)
            clock.latency("W5", "infer_b1", lambda: model(params, one).block_until_ready())
            clock.rate("W5", "infer_b256", 256, "samples/s", repeat(model, params, many))
        elif workload == "W6":
            for size in (256, 1024, 2048):
                product = jax.jit(jnp.matmul)
                run = repeat(product, randn(size, size), randn(size, size))
                clock.rate("W6", f"gemm{size}", 2 * size**3 / 1e9, "GFLOP/s", run)
        else:
            raise SystemExit(f"{workload} is no workload")


main()
