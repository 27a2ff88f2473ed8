"""How a peer measures and reports: the protocol of `jimu bench`, whose lines have the same form.

    PEER WORKLOAD METRIC VALUE UNIT min=… max=… n=…
"""

import argparse
import statistics
import time

WORKLOADS = ["W1b64", "W1b512", "W2", "W3", "W4", "W5", "W6", "W7"]
# Of a 3x3 convolution from 64 to 128 channels over 64 images of 32x32.
CONVOLUTION = 2 * 64 * 64 * 128 * 9 * 32 * 32 / 1e9


def arguments(description, modes):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("workload", nargs="*", default=WORKLOADS, help="by default all")
    parser.add_argument("--mode", choices=modes, default=modes[0])
    parser.add_argument("--name", help="what the peer is called in its lines")
    parser.add_argument("--threads", type=int, default=0, help="0 for as many as the machine has")
    parser.add_argument("--window", type=float, default=0.6, help="seconds")
    parser.add_argument("--windows", type=int, default=7)
    return parser.parse_args()


class Clock:
    """Times steps. `run(n)` does n of them and comes back when they are done."""

    def __init__(self, peer, window, windows):
        self.peer, self.window, self.windows = peer, window, windows

    def _mean(self, run, steps):
        start = time.perf_counter()
        run(steps)
        return (time.perf_counter() - start) / steps

    def _warm_up(self, run):
        """Runs for one and two thirds of a window, and tells how many steps fill a window."""
        start = time.perf_counter()
        run(2)
        step = self._mean(run, 1)
        while time.perf_counter() - start < self.window * 5 / 3:
            step = self._mean(run, max(1, round(self.window / 3 / max(step, 1e-7))))
        return max(1, round(self.window / max(step, 1e-7)))

    def rate(self, workload, metric, work, unit, run):
        """Work done a second, window by window."""
        steps, values, start = self._warm_up(run), [], time.perf_counter()
        while len(values) < self.windows:
            values.append(work / self._mean(run, steps))
            if len(values) >= 3 and time.perf_counter() - start > 10 * self.window * self.windows:
                break
        self._report(workload, metric, values, unit)

    def latency(self, workload, metric, call):
        """Microseconds that a single call takes: the median of some hundred calls, window by window."""
        self._warm_up(lambda steps: [call() for _ in range(steps)])
        values = []
        for _ in range(self.windows):
            calls = []
            for _ in range(max(3, int(500 * self.window))):
                start = time.perf_counter_ns()
                call()
                calls.append((time.perf_counter_ns() - start) / 1e3)
            values.append(statistics.median(calls))
        self._report(workload, metric, values, "us")

    def _report(self, workload, metric, values, unit):
        def digits(value):
            return f"{value:.0f}" if value >= 1000 else f"{value:.4g}"

        middle, least, most = statistics.median(values), min(values), max(values)
        line = f"{self.peer} {workload} {metric} {digits(middle)} {unit}"
        print(f"{line} min={digits(least)} max={digits(most)} n={len(values)}", flush=True)
