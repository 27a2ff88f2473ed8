"""Makes the files in `files/` with PyTorch 2.15 and NumPy 2.4, for tests/interchange.rs.

    python make.py

Everything is small and seeded: the same versions make the same values.
"""

import io
import pathlib

import numpy
import torch

FILES = pathlib.Path(__file__).parent / "files"
OPTIMIZERS = {
    "SGD": {"lr": 0.1, "momentum": 0.9, "weight_decay": 0},
    "Adam": {"lr": 0.01, "amsgrad": True},
    "AdamW": {"lr": 0.01},
    "RMSprop": {"lr": 0.01, "momentum": 0.5, "centered": True},
    "Adagrad": {"lr": 0.1, "lr_decay": 0.1},
    "Adadelta": {"lr": 1.0},
    "Adamax": {"lr": 0.01},
    "NAdam": {"lr": 0.01},
    "RAdam": {"lr": 0.01},
    "ASGD": {"lr": 0.1, "t0": 2, "lambd": 0.1},
    "Rprop": {"lr": 0.01},
    "Muon": {"lr": 0.01},
    "LBFGS": {"lr": 0.5, "max_iter": 3, "line_search_fn": "strong_wolfe"},
}


def parameters(muon):
    torch.manual_seed(0)
    shapes = [(2, 3), (3, 2)] if muon else [(2, 3), (4,)]
    return [torch.nn.Parameter(torch.randn(shape)) for shape in shapes]


def loss(params):
    """Its gradients are different in every step, and never zero."""
    return sum((p**2 * (1.5 + torch.arange(p.numel()).reshape(p.shape))).sum() + p.sin().sum() for p in params)


def steps(optimizer, params, count):
    def closure():
        optimizer.zero_grad()
        value = loss(params)
        value.backward()
        return value

    for _ in range(count):
        optimizer.step(closure)


def optimizers():
    """Parameters and state after three steps, and the parameters after three more."""
    for name, options in OPTIMIZERS.items():
        first, second = parameters(name == "Muon")
        groups = [first, second] if name == "LBFGS" else [{"params": [first]}, {"params": [second], "lr": 0.02}]
        optimizer = getattr(torch.optim, name)(groups, **options)
        steps(optimizer, [first, second], 3)
        saved = {"params": [first.detach().clone(), second.detach().clone()], "optimizer": optimizer.state_dict()}
        buffer = io.BytesIO()
        torch.save(saved, buffer)
        steps(optimizer, [first, second], 3)
        saved = torch.load(io.BytesIO(buffer.getvalue()))
        saved["after"] = [first.detach(), second.detach()]
        torch.save(saved, FILES / f"optimizer_{name}.pt")


def scheduler():
    """A checkpoint in the middle of a one-cycle training, with the rates and momenta that follow."""
    w = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([w], lr=0.1, momentum=0.9)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.5, total_steps=12)
    multi = torch.optim.lr_scheduler.MultiStepLR(torch.optim.SGD([w], lr=0.1), [2, 4, 4])
    sequence = torch.optim.SGD([w], lr=0.1)
    sequence_schedule = torch.optim.lr_scheduler.SequentialLR(
        sequence,
        [
            torch.optim.lr_scheduler.LinearLR(sequence, 0.1, total_iters=3),
            torch.optim.lr_scheduler.CosineAnnealingLR(sequence, 9),
        ],
        [3],
    )
    for _ in range(5):
        optimizer.step()
        schedule.step()
        multi.optimizer.step()
        multi.step()
        sequence.step()
        sequence_schedule.step()
    saved = {
        "optimizer": optimizer.state_dict(),
        "one_cycle": schedule.state_dict(),
        "multi_step": multi.state_dict(),
        "sequence": sequence_schedule.state_dict(),
        "sequence_optimizer": sequence.state_dict(),
    }
    buffer = io.BytesIO()
    torch.save(saved, buffer)
    after = {"one_cycle": [], "momentum": [], "sequence": []}
    for _ in range(7):
        schedule.step()
        after["one_cycle"].append(optimizer.param_groups[0]["lr"])
        after["momentum"].append(optimizer.param_groups[0]["momentum"])
        sequence_schedule.step()
        after["sequence"].append(sequence.param_groups[0]["lr"])
    saved = torch.load(io.BytesIO(buffer.getvalue()))
    torch.save({**saved, "after": after}, FILES / "schedulers.pt")


def values():
    """Every element type, shared and strided storages, and values of Python."""
    base = torch.arange(12, dtype=torch.float32).reshape(3, 4)
    whole = [0, 1, 2, 100]
    types = ["float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "uint16", "uint32"]
    value = {
        "types": {name: torch.tensor(whole).to(getattr(torch, name)) for name in types},
        "bool": torch.tensor([True, False]),
        "base": base,
        "transposed": base.t(),
        "column": base[:, 1],
        "last": base[2:, 1:],
        "expanded": torch.tensor([[1.0], [2.0]]).expand(2, 3),
        "scalar": torch.tensor(2.5),
        "empty": torch.zeros(0, 3),
        "parameter": torch.nn.Parameter(torch.ones(2)),
        "list": [None, True, 3, -(2**40), 0.1, "积木", b"\x00\xff", (1, (2,)), {"a": []}, {1: "one"}, {4}],
        "size": torch.Size([2, 3]),
        "dtype": torch.float32,
        "device": torch.device("cpu"),
    }
    torch.save(value, FILES / "values.pt")
    torch.save(value["list"][:6] + [base], FILES / "values_protocol_4.pt", pickle_protocol=4)
    torch.save(value["base"], FILES / "legacy.pt", _use_new_zipfile_serialization=False)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(2, 3, 3, padding=1)
        self.norm = torch.nn.BatchNorm2d(3)
        self.fc = torch.nn.Linear(3 * 4 * 4, 5)

    def forward(self, x):
        x = torch.max_pool2d(self.norm(self.conv(x)).relu(), 2)
        return self.fc(x.flatten(1))


def model():
    """A network with buffers, what it makes of an input, and the network saved whole, which must be refused."""
    torch.manual_seed(1)
    net = Net()
    x = torch.randn(2, 2, 8, 8)
    net(x)
    net.eval()
    torch.save(net.state_dict(), FILES / "net.pth")
    torch.save({"x": x, "y": net(x).detach()}, FILES / "net_output.pt")
    torch.save(torch.nn.Linear(2, 1), FILES / "whole_module.pt")


def arrays():
    numbers = numpy.array([[0, 1, 2], [3, 100, 5]])
    types = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"]
    named = {name: numbers.astype("<" + name) for name in types}
    named |= {f"big_{name}": numbers.astype(">" + name) for name in ["f4", "i2", "f8"]}
    named |= {"fortran": numpy.asfortranarray(numbers.astype("f4")), "scalar": numpy.array(2.5), "empty": numpy.zeros((0, 3))}
    numpy.savez(FILES / "arrays.npz", **named)
    numpy.savez_compressed(FILES / "compressed.npz", x=numpy.zeros(1000, "f4"), y=numbers)
    numpy.save(FILES / "matrix.npy", numbers.astype("f4"))
    numpy.save(FILES / "objects.npy", numpy.array([{"a": 1}], dtype=object), allow_pickle=True)
    for version in [(2, 0), (3, 0)]:
        with open(FILES / f"version_{version[0]}.npy", "wb") as file:
            numpy.lib.format.write_array(file, numbers, version=version)


if __name__ == "__main__":
    FILES.mkdir(exist_ok=True)
    optimizers()
    scheduler()
    values()
    model()
    arrays()
