"""PyTorch's side of the comparison. The models are those of `jimu bench`, layer by layer."""

import torch
from torch import nn
from torch.nn import functional as F

from protocol import CONVOLUTION, Clock, arguments


def lenet5():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )


def mlp():
    return nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10))


def conv_block(inputs, outputs):
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.blocks = nn.Sequential(conv_block(channels, channels), conv_block(channels, channels))

    def forward(self, x):
        return x + self.blocks(x)


class ResNet9(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            conv_block(3, 64), conv_block(64, 128), nn.MaxPool2d(2), Residual(128),
            conv_block(128, 256), nn.MaxPool2d(2), conv_block(256, 512), nn.MaxPool2d(2), Residual(512),
        )
        self.head = nn.Linear(512, 10)

    def forward(self, x):
        return self.head(self.body(x).amax((2, 3)))


class EncoderBlock(nn.Module):
    def __init__(self, width=128, heads=4, inner=512):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.feed_forward = nn.Sequential(nn.Linear(width, inner), nn.GELU(), nn.Linear(inner, width))
        self.head = nn.Linear(width, 10)

    def attention(self, x):
        batch, length, width = x.shape
        qkv = self.qkv(x).view(batch, length, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        mixed = F.scaled_dot_product_attention(q, k, v)
        return self.out(mixed.transpose(1, 2).reshape(batch, length, width))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        x = x + self.feed_forward(self.norm2(x))
        return self.head(x.mean(1))


def sgd(model):
    return torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)


def adam(model):
    return torch.optim.Adam(model.parameters(), lr=1e-3)


TRAININGS = {
    "W1b64": (lenet5, (64, 1, 28, 28), sgd),
    "W1b512": (lenet5, (512, 1, 28, 28), sgd),
    "W2": (mlp, (128, 784), adam),
    "W3": (ResNet9, (128, 3, 32, 32), sgd),
    "W7": (EncoderBlock, (32, 64, 128), adam),
}


class Mode:
    """How PyTorch is used: as it comes, with channels last, or compiled."""

    def __init__(self, name):
        self.last, self.compiled = name == "channels-last", name == "compile"

    def data(self, x):
        return x.contiguous(memory_format=torch.channels_last) if self.last and x.dim() == 4 else x

    def model(self, model):
        model = model.to(memory_format=torch.channels_last) if self.last else model
        return torch.compile(model) if self.compiled else model


def train(mode, build, size, optimizer):
    model = mode.model(build()).train()
    x, y = mode.data(torch.randn(size)), torch.randint(0, 10, size[:1])
    optimizer = optimizer(model)

    def run(steps):
        for _ in range(steps):
            optimizer.zero_grad(set_to_none=True)
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
        return loss.item()

    return run


def convolution(clock, mode):
    layer = nn.Conv2d(64, 128, 3, padding=1)
    x, grad = mode.data(torch.randn(64, 64, 32, 32)), mode.data(torch.randn(64, 128, 32, 32))
    forward = mode.model(layer)

    def infer(steps):
        with torch.no_grad():
            for _ in range(steps):
                forward(x)

    clock.rate("W4", "conv_fwd", CONVOLUTION, "GFLOP/s", infer)
    leaf = x.clone(memory_format=torch.preserve_format).requires_grad_(True)

    def learn(steps):
        for _ in range(steps):
            layer.zero_grad(set_to_none=True)
            leaf.grad = None
            forward(leaf).backward(grad)

    clock.rate("W4", "conv_fwd_bwd", 3 * CONVOLUTION, "GFLOP/s", learn)


def inference(clock, mode):
    model = mode.model(lenet5().eval())
    one, many = mode.data(torch.randn(1, 1, 28, 28)), mode.data(torch.randn(256, 1, 28, 28))

    def run(steps):
        for _ in range(steps):
            model(many)

    with torch.inference_mode():
        clock.latency("W5", "infer_b1", lambda: model(one))
        clock.rate("W5", "infer_b256", 256, "samples/s", run)


def products(clock):
    for size in (256, 1024, 2048):
        a, b, c = torch.randn(size, size), torch.randn(size, size), torch.empty(size, size)

        def run(steps):
            for _ in range(steps):
                torch.mm(a, b, out=c)

        clock.rate("W6", f"gemm{size}", 2 * size**3 / 1e9, "GFLOP/s", run)


def main():
    args = arguments(__doc__, ["eager", "channels-last", "compile"])
    torch.manual_seed(0)
    if args.threads:
        torch.set_num_threads(args.threads)
    clock, mode = Clock(args.name or f"torch-{args.mode}", args.window, args.windows), Mode(args.mode)
    for workload in args.workload:
        if workload in TRAININGS:
            build, size, optimizer = TRAININGS[workload]
            clock.rate(workload, "train", size[0], "samples/s", train(mode, build, size, optimizer))
        elif workload == "W4":
            convolution(clock, mode)
        elif workload == "W5":
            inference(clock, mode)
        elif workload == "W6":
            products(clock)
        else:
            raise SystemExit(f"{workload} is no workload")


main()
