"""Makes the checkpoints that jimu is held against, and what PyTorch and torchvision compute with them.

    python -m pip install torch==2.15.0 torchvision==0.29.2 safetensors==0.8.0 numpy
    python make.py FOLDER            # FOLDER/{resnet18,vgg11_bn,transformer}.{pth,safetensors}
    python make.py FOLDER --commit   # and the outputs, the hashes and the small files beside this script
    python make.py FOLDER --check    # compares the outputs of files that jimu wrote to FOLDER

Weights and inputs follow a formula (`numbers`) that the Rust test repeats, so that no large file need be kept.
"""

import argparse
import hashlib
import math
import shutil
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
import torchvision

HERE = Path(__file__).parent
# What is tested for each model: how it is made, and the shape of its input.
MODELS = {
    "resnet18": (torchvision.models.resnet18, [2, 3, 64, 64]),
    "vgg11_bn": (torchvision.models.vgg11_bn, [2, 3, 32, 32]),
    "transformer": (
        lambda: torch.nn.TransformerEncoderLayer(16, 4, dim_feedforward=32, activation="gelu", batch_first=True),
        [2, 5, 16],
    ),
}
SMALL = ["transformer"]
# Only their outputs are kept.
OTHERS = {
    "alexnet": (torchvision.models.alexnet, [2, 3, 64, 64]),
    "mobilenet_v2": (torchvision.models.mobilenet_v2, [2, 3, 64, 64]),
    "resnet50": (torchvision.models.resnet50, [2, 3, 64, 64]),
    "vit": (
        lambda: torchvision.models.VisionTransformer(32, 8, 2, 4, 32, 64, num_classes=10),
        [2, 3, 32, 32],
    ),
}
# The names and shapes of what is in their state_dicts are compared.
STATE_DICTS = [
    "alexnet", "mobilenet_v2", "resnet18", "resnet34", "resnet50", "vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16",
    "vgg16_bn", "vgg19", "vgg19_bn", "vit_b_16",
]  # fmt: skip


def numbers(name, count):
    """`count` numbers in [-1, 1), multiples of 2^-23: a counter from the FNV-1a hash of `name`, mixed by SplitMix64."""
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = (seed ^ byte) * 0x100000001B3 % 2**64
    with np.errstate(over="ignore"):
        x = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ x >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ x >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
    return (x >> np.uint64(40)).astype(np.float64) / 2**23 - 1


def value(name, shape):
    """The parameter or buffer `name`, of a size at which signals neither fade nor grow much."""
    if name.endswith("num_batches_tracked"):
        return torch.tensor(7)
    noise = numbers(name, math.prod(shape)).reshape(shape)
    if name.endswith("running_var"):
        noise = 1 + noise / 2
    elif len(shape) > 1:
        noise = noise * math.sqrt(4 * shape[0] / math.prod(shape))
    elif name.endswith("weight"):
        noise = 1 + noise / 8
    else:
        noise = noise / 8
    return torch.from_numpy(noise.astype(np.float32))


def output(name, state):
    make, shape = (MODELS | OTHERS)[name]
    model = make()
    model.load_state_dict(state)
    model.eval()
    with torch.no_grad():
        return model(torch.from_numpy(numbers(f"{name} input", math.prod(shape)).reshape(shape).astype(np.float32)))


def state(name):
    return {key: value(key, list(tensor.shape)) for key, tensor in (MODELS | OTHERS)[name][0]().state_dict().items()}


def fingerprint(model):
    """The number of parameters and buffers, and a hash of their names and shapes."""
    lines = [f"{name} {list(tensor.shape)}\n" for name, tensor in model.state_dict().items()]
    return f"{len(lines)} {hashlib.md5(''.join(lines).encode()).hexdigest()}"


def make(folder):
    outputs = {}
    for name in MODELS:
        weights = state(name)
        torch.save(weights, folder / f"{name}.pth")
        safetensors.torch.save_file(weights, folder / f"{name}.safetensors")
        outputs[name] = output(name, weights).contiguous()
    for name in OTHERS:
        outputs[name] = output(name, state(name)).contiguous()
    for name in outputs:
        print(f"{name}: outputs {outputs[name].mean():.3f} ± {outputs[name].std():.3f}")
    return outputs


def commit(folder, outputs):
    safetensors.torch.save_file(outputs, HERE / "outputs.safetensors")
    with torch.device("meta"):
        lines = [f"{name} {fingerprint(getattr(torchvision.models, name)())}\n" for name in STATE_DICTS]
    (HERE / "STATE_DICTS").write_text("".join(lines))
    files = [folder / f"{name}.{ending}" for name in MODELS for ending in ("pth", "safetensors")]
    lines = [f"{hashlib.md5(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files]
    (HERE / "MD5SUMS").write_text("".join(lines))
    for name in SMALL:
        for ending in ("pth", "safetensors"):
            shutil.copy(folder / f"{name}.{ending}", HERE)


def check(folder):
    expected = safetensors.torch.load_file(HERE / "outputs.safetensors")
    for file in sorted(folder.glob("*.safetensors")) + sorted(folder.glob("*.pth")):
        weights = safetensors.torch.load_file(file) if file.suffix == ".safetensors" else torch.load(file, weights_only=True)
        difference = (output(file.stem, weights) - expected[file.stem]).abs().max().item()
        print(f"{file.name}: {difference:.1e}")
        assert difference < 1e-4, file


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--commit", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    torch.manual_seed(0)
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.check:
        check(options.folder)
    else:
        outputs = make(options.folder)
        if options.commit:
            commit(options.folder, outputs)
