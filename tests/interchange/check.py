"""Loads the files that jimu has written, in `written/`, with PyTorch and NumPy.

    python check.py

Values, trainings and outputs must be those of the files in `files/`, from which jimu made them.
"""

import sys

import numpy
import torch

import make

WRITTEN = make.FILES.parent / "written"


def same(found, expected, where):
    """Equal up to what jimu does not keep: element types, sets, dtypes and devices."""
    if isinstance(expected, torch.Tensor):
        assert found.shape == expected.shape and torch.equal(found.double(), expected.double()), where
        assert found.requires_grad == expected.requires_grad, where
    elif isinstance(expected, dict):
        assert list(found) == list(expected), where
        for key in expected:
            same(found[key], expected[key], f"{where}.{key}")
    elif isinstance(expected, set):
        assert set(found) == expected, where
    elif isinstance(expected, (list, tuple)):
        assert len(found) == len(expected), where
        for index, pair in enumerate(zip(found, expected)):
            same(*pair, f"{where}.{index}")
    elif isinstance(expected, (torch.dtype, torch.device)):
        assert found == str(expected), where
    else:
        assert type(found) is type(expected) and found == expected, where


def optimizers():
    for name, options in make.OPTIMIZERS.items():
        saved = torch.load(WRITTEN / f"optimizer_{name}.pt", weights_only=True)
        params = [torch.nn.Parameter(param) for param in saved["params"]]
        groups = params if name == "LBFGS" else [{"params": [param]} for param in params]
        optimizer = getattr(torch.optim, name)(groups, lr=1.0)
        optimizer.load_state_dict(saved["optimizer"])
        for key, value in options.items():
            assert optimizer.param_groups[0][key] == value, f"{name}: {key} is {optimizer.param_groups[0][key]}"
        make.steps(optimizer, params, 3)
        for found, expected in zip(params, saved["after"]):
            torch.testing.assert_close(found.detach(), expected, rtol=1e-5, atol=1e-5, msg=name)


def schedulers():
    saved = torch.load(WRITTEN / "schedulers.pt", weights_only=True)
    w = torch.nn.Parameter(torch.ones(2))
    lr = torch.optim.lr_scheduler
    optimizer = torch.optim.SGD([w], lr=1.0, momentum=0.5)
    one_cycle = lr.OneCycleLR(optimizer, max_lr=0.5, total_steps=12)
    optimizer.load_state_dict(saved["optimizer"])
    one_cycle.load_state_dict(saved["one_cycle"])
    multi = lr.MultiStepLR(torch.optim.SGD([w], lr=0.1), [7])
    multi.load_state_dict(saved["multi_step"])
    assert sorted(multi.milestones.items()) == [(2, 1), (4, 2)]
    sequence = torch.optim.SGD([w], lr=1.0)
    schedule = lr.SequentialLR(sequence, [lr.LinearLR(sequence), lr.CosineAnnealingLR(sequence, 2)], [9])
    sequence.load_state_dict(saved["sequence_optimizer"])
    schedule.load_state_dict(saved["sequence"])
    after = saved["after"]
    for rate, momentum, next_rate in zip(after["one_cycle"], after["momentum"], after["sequence"]):
        one_cycle.step()
        schedule.step()
        group = optimizer.param_groups[0]
        numpy.testing.assert_allclose([group["lr"], group["momentum"]], [rate, momentum], rtol=1e-12)
        numpy.testing.assert_allclose(sequence.param_groups[0]["lr"], next_rate, rtol=1e-12)


def values():
    found = torch.load(WRITTEN / "values.pt", weights_only=True)
    same(found, torch.load(make.FILES / "values.pt", weights_only=False), "values")


def model():
    net = make.Net().eval()
    net.load_state_dict(torch.load(WRITTEN / "net.pth", weights_only=True))
    output = torch.load(make.FILES / "net_output.pt")
    torch.testing.assert_close(net(output["x"]).detach(), output["y"])


def arrays():
    found, expected = numpy.load(WRITTEN / "arrays.npz"), numpy.load(make.FILES / "arrays.npz")
    assert found.files == expected.files
    for name in expected.files:
        numpy.testing.assert_array_equal(found[name], expected[name], name)


if __name__ == "__main__":
    torch.set_printoptions(precision=8)
    for check in [optimizers, schedulers, values, model, arrays]:
        check()
        print(f"{check.__name__}: as in PyTorch", file=sys.stdout)
