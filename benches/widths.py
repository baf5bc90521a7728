"""What the bits of weights do to the curves with and without exits: writes a table of docs/balancing.md.

Both curves of `atheena explore` on a ZC706 at 125 MHz for each `--weights-bits`: the mean gain within 5, 10, 20 and 40 % of the device, and what the rate of the
best design without exits within 20 % takes with exits. Networks and data of ../shared (or $ATHEENA_SHARED); does nothing where it is absent. Needs a
release build; takes some two minutes.
"""

import math
import sys
import tempfile

from gains import BUDGETS, NETWORKS, SHARED, atheena, write

BITS = ["8", "7", "6", "5", "4", "3", "auto", "least"]
REFERENCE = 0.2


def fastest(points, budget):
    """The fewest cycles within a share of the device; none if nothing fits."""
    return min((point["cycles"] for point in points if point["share"] <= budget), default=None)


def row(network, data, late, bits):
    """Mean gain, and the shares of the device without and with exits for the rate of the reference."""
    with tempfile.TemporaryDirectory() as folder:
        explored = atheena("explore", network, data, f"{folder}/x", "--late-fraction", late, "--weights-bits", bits)
    sides = [[point for point in explored["points"] if point["exits"] == exits] for exits in (False, True)]
    pairs = [(fastest(sides[0], budget), fastest(sides[1], budget)) for budget in BUDGETS]
    gains = [without / with_exits for without, with_exits in pairs if without and with_exits]
    mean = math.exp(sum(map(math.log, gains)) / len(gains)) if gains else None
    cycles = fastest(sides[0], REFERENCE)
    if cycles is None:
        return mean, None
    return mean, [min(point["share"] for point in side if point["cycles"] <= cycles) for side in sides]


def main():
    """Writes the table."""
    if not SHARED.is_dir():
        print(f"skipped: {SHARED} is absent")
        return 0
    table = "By `benches/widths.py`, of the curves of `atheena explore`.\n\n"
    table += "| network | bits of weights | mean gain | without exits, of a ZC706 | with exits, as fast | part |\n|---|---|---|---|---|---|\n"
    for name, network, data, late in NETWORKS:
        for bits in BITS:
            mean, shares = row(network, data, late, bits)
            shown = f"{mean:.2f}" if mean else "–"
            each = [f"{100 * share:.1f} %" for share in shares] + [f"{100 * shares[1] / shares[0]:.0f} %"] if shares else ["–"] * 3
            line = f"| {name}, q = {late} | {bits} | {shown} | " + " | ".join(each) + " |\n"
            print(line, end="", flush=True)
            table += line
    write("widths", table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
