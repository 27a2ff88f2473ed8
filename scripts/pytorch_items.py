"""Lists the public items of PyTorch that docs/PYTORCH.md has to cover, one a line: `torch.nn.Linear`.

    python -m pip install torch==2.15.0
    python scripts/pytorch_items.py > tests/pytorch_items.txt
"""

import inspect

import torch
import torch.nn.functional
import torch.utils.data

MODULES = [
    torch.nn,
    torch.nn.functional,
    torch.nn.init,
    torch.nn.utils,
    torch.optim,
    torch.optim.lr_scheduler,
    torch.utils.data,
]


def is_public(module, name, item):
    """Whether the item is the module's own: not a helper it imports, a note, a module, or a deprecated second name."""
    if name.startswith("_") or name in ("Optional", "factory_kwargs") or inspect.ismodule(item) or not callable(item):
        return False
    if inspect.isclass(item):
        if issubclass(item, (dict, tuple)) and module is not torch.nn:
            return False
        return (item.__module__ or "").startswith(module.__name__)
    if module is torch.nn.init:
        return name.endswith("_") or name == "calculate_gain"
    if module is torch.nn.functional:
        helpers = ("assert_int_or_pair", "boolean_dispatch", "handle_torch_function", "has_torch_function")
        return not name.startswith(helpers) and not name.endswith("_") and not inspect.isclass(item) and name != "cast"
    home = getattr(item, "__module__", "") or ""
    return home.startswith(module.__name__)


for module in MODULES:
    for name in sorted(dir(module), key=str.lower):
        if is_public(module, name, getattr(module, name)):
            print(f"{module.__name__}.{name}")
