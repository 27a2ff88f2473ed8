#!/usr/bin/env python3
"""Measures jimu against its peers on this machine, in turns, and writes a table.

    benches/peers/run.py                                  jimu and PyTorch, in a virtual environment of its own
    benches/peers/run.py --peers jimu,torch,jax,candle    these
    benches/peers/run.py --python /path/to/python         with a Python that has PyTorch already

In each round every workload is run by one peer after the other, each in a process of its own, so that whatever else the
machine does hits all of them alike. A figure is the median over the rounds; beside it stand the least and the greatest.
Nothing but Python is needed to run this script; what the peers need is installed below target/peers.
"""

import argparse
import datetime
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILT = ROOT / "target" / "peers"
# Memory that the C library keeps instead of returning it to the system between steps.
MALLOC = {
    "MALLOC_TOP_PAD_": "268435456",
    "MALLOC_TRIM_THRESHOLD_": "4294967296",
    "MALLOC_MMAP_THRESHOLD_": "4294967296",
}
# Name: what it is, whose requirements it needs, and the environment that it is given.
PEERS = {
    "jimu": ("jimu", None, {}),
    "torch": ("PyTorch, eager", "requirements.txt", {}),
    "torch-channels-last": ("PyTorch, channels last", "requirements.txt", {}),
    "torch-tuned": ("PyTorch, channels last, malloc tuned", "requirements.txt", MALLOC),
    "torch-compile": ("PyTorch, torch.compile", "requirements.txt", {}),
    "jax": ("JAX, jit", "requirements-jax.txt", {}),
    "candle": ("candle", None, {}),
    "burn": ("burn, flex", None, {}),
}
USUAL = ["jimu", "torch", "torch-channels-last", "torch-tuned"]
WORKLOADS = ["W1b64", "W1b512", "W2", "W3", "W4", "W5", "W6", "W7"]
# Images that have no channels need no channels last.
SAME_AS_EAGER = {"torch-channels-last": ["W2", "W6", "W7"], "torch-tuned": ["W6"]}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", default=",".join(USUAL), help=f"of {', '.join(PEERS)}, or all")
    parser.add_argument("--workloads", default=",".join(WORKLOADS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--window", type=float, default=0.6, help="seconds")
    parser.add_argument("--windows", type=int, default=7)
    parser.add_argument("--python", type=Path, help="a Python with what the peers need, instead of a new environment")
    parser.add_argument("--out", type=Path, default=BUILT / "table.md")
    args = parser.parse_args()
    args.peers = list(PEERS) if args.peers == "all" else args.peers.split(",")
    args.workloads = args.workloads.split(",")
    for name, known in [(peer, PEERS) for peer in args.peers] + [(work, WORKLOADS) for work in args.workloads]:
        if name not in known:
            parser.error(f"there is no {name}: choose of {', '.join(known)}")
    return args


def call(*command, **options):
    subprocess.run([str(word) for word in command], check=True, **options)


def python_for(args):
    """A Python that has what the chosen peers need."""
    if args.python:
        return args.python
    wanted = sorted({PEERS[peer][1] for peer in args.peers} - {None})
    if not wanted:
        return Path(sys.executable)
    folder = BUILT / "venv"
    python = folder / "bin" / "python"
    if not python.exists():
        call(sys.executable, "-m", "venv", folder)
    call(python, "-m", "pip", "install", "--quiet", *(word for file in wanted for word in ("-r", HERE / file)))
    return python


def commands(args):
    """For each peer the command that measures one workload, but for the workload's name."""
    timing = ["--window", args.window, "--windows", args.windows, "--threads", args.threads]
    found, python = {}, python_for(args)
    for peer in args.peers:
        if peer == "jimu":
            call("cargo", "build", "--release", "--quiet", "-p", "jimu-cli", cwd=ROOT)
            found[peer] = [ROOT / "target/release/jimu", "bench", *timing, "--filter"]
        elif peer in ("candle", "burn"):
            # These are not as fast as they can be unless built for this very machine; jimu finds out as it runs.
            env = os.environ | {"RUSTFLAGS": "-C target-cpu=native", "CARGO_TARGET_DIR": str(BUILT / peer)}
            call("cargo", "build", "--release", "--quiet", cwd=HERE / peer, env=env)
            found[peer] = [BUILT / peer / "release" / f"{peer}-peer", *timing]
        elif peer == "jax":
            found[peer] = [python, HERE / "jax_peer.py", "--name", peer, *timing]
        else:
            mode = {"torch": "eager", "torch-compile": "compile"}.get(peer, "channels-last")
            found[peer] = [python, HERE / "torch_peer.py", "--name", peer, "--mode", mode, *timing]
    return found, python


def measure(command, peer, workload, args):
    """The values of one run, by metric, with their unit."""
    limits = {name: str(args.threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")}
    env = os.environ | limits | PEERS[peer][2]
    ran = subprocess.run([str(word) for word in [*command, workload]], capture_output=True, text=True, env=env)
    if ran.returncode != 0:
        print(f"{peer} failed at {workload}:\n{ran.stderr[-2000:]}", file=sys.stderr)
        return {}
    found = {}
    for line in ran.stdout.splitlines():
        words = line.split()
        if len(words) >= 5 and words[1] == workload:
            found[words[2]] = (float(words[3]), words[4])
            print(line, flush=True)
    return found


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def versions(args, python):
    lines = []
    if "jimu" in args.peers:
        said = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True)
        lines.append(f"jimu {said.stdout.strip()}")
    if set(args.peers) & {"torch", "torch-channels-last", "torch-tuned", "torch-compile", "jax"}:
        names = [name for name in ("torch", "jax", "optax") if any(peer.startswith(name[:3]) for peer in args.peers)]
        program = "import importlib.metadata as m, sys; print(*(f'{n} {m.version(n)}' for n in sys.argv[1:]), sep=', ')"
        said = subprocess.run([str(python), "-c", program, *names], capture_output=True, text=True)
        lines.append(said.stdout.strip())
    for peer in ("candle", "burn"):
        if peer in args.peers:
            manifest = (HERE / peer / "Cargo.toml").read_text()
            lines.append(next(line for line in manifest.splitlines() if line.startswith((f"{peer} ", f"{peer}-core"))))
    lines.append(f"Python {platform.python_version()}")
    return ", ".join(line for line in lines if line)


def machine():
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.split(":")[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
        model = names[0] if names else model
    return f"{model}, {len(os.sched_getaffinity(0))} cores, {platform.system()} {platform.release()}"


def table(args, results, python):
    """The results as Markdown. `results` has, by workload, metric and peer, the values of the rounds and the unit."""
    rows = [
        f"{machine()}; {args.threads} threads; {datetime.date.today()}; {versions(args, python)}.",
        f"Median of {args.rounds} rounds in turns (least to greatest); for times less is better, otherwise more.",
        "",
        "| workload | metric | " + " | ".join(PEERS[peer][0] for peer in args.peers) + " | jimu to the best peer |",
        "|---|---|" + "---|" * (len(args.peers) + 1),
    ]
    for (workload, metric), by_peer in results.items():
        unit = next(iter(by_peer.values()))[1]
        middle = {peer: statistics.median(values) for peer, (values, _) in by_peer.items()}
        cells = []
        for peer in args.peers:
            if peer in by_peer:
                values = by_peer[peer][0]
                cells.append(f"{number(middle[peer])} ({number(min(values))} to {number(max(values))})")
            else:
                cells.append("")
        others = {peer: value for peer, value in middle.items() if peer != "jimu"}
        ratio = ""
        if "jimu" in middle and others:
            less_is_better = unit == "us"
            best = (min if less_is_better else max)(others.values())
            ratio = f"{best / middle['jimu'] if less_is_better else middle['jimu'] / best:.2f}x"
        rows.append(f"| {workload} | {metric}, {unit} | " + " | ".join(cells) + f" | {ratio} |")
    return "\n".join(rows) + "\n"


def main():
    args = arguments()
    BUILT.mkdir(parents=True, exist_ok=True)
    by_peer, python = commands(args)
    results = {}
    for _ in range(args.rounds):
        for workload in args.workloads:
            for peer, command in by_peer.items():
                if workload in SAME_AS_EAGER.get(peer, []):
                    continue
                for metric, (value, unit) in measure(command, peer, workload, args).items():
                    by = results.setdefault((workload, metric), {})
                    by.setdefault(peer, ([], unit))[0].append(value)
    text = table(args, results, python)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(text)
    print(f"\n{text}\nwritten to {args.out}")


main()
