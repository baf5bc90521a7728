"""The designs that get closest to goals of exits, and the resource that stops them: writes tables of docs/balancing.md.

Goals are a gain of 95 % of what the products of a network allow, within 5, 10, 20 and 40 % of a ZC706 at 125 MHz, and the rate of the design without exits within 20 % of it
with a part of its resources. Of each budget: the design with exits, the smallest one that is faster, and the smallest one that reaches the goal. Networks and data of ../shared (or
$ATHEENA_SHARED); does nothing where it is absent. Needs a release build; takes some ten minutes.

    benches/closest.py                   all networks
    benches/closest.py B-LeNet           one network: prints its rows and writes nothing
"""

import sys
import tempfile

from gains import BUDGETS, NETWORKS, SHARED, atheena, write

KINDS = {"lut": "LUT", "ff": "FF", "dsp": "DSP", "bram18": "BRAM18"}
# Products of a sample without exits, a sample with them: what bounds the gain if a product costs the same in each layer.
BOUNDS = {"B-LeNet": 2.43, "Triple Wins": 2.88, "B-AlexNet": 1.61}
OF_BOUND = 0.95
# Of the resources of the design without exits.
PARTS = {"B-LeNet": 0.44, "Triple Wins": 0.37}
REFERENCE = 0.2
# Of the budget.
PRECISION = 0.002
LARGEST = 4


class Network:
    """A network, and its designs by budget."""

    def __init__(self, name, network, data, late):
        self.name, self.late = name, late
        self.source = network, data
        self.designs = {}

    def design(self, budget, exits=True):
        """The report of the fastest design within a share of the device; none if nothing fits."""
        if (budget, exits) not in self.designs:
            chosen = ["--late-fraction", self.late] if exits else ["--no-exits"]
            with tempfile.TemporaryDirectory() as folder:
                self.designs[budget, exits] = atheena("compile", *self.source, f"{folder}/x", "--budget", budget, *chosen)
        return self.designs[budget, exits]

    def smallest(self, cycles, low, high):
        """The design of the smallest budget, between two shares of the device, of at most so many cycles a sample; none if there is none."""

        def fast(budget):
            design = self.design(budget)
            return design if design and design["cycles_per_sample"] <= cycles else None

        found = fast(high)
        while found and high - low > PRECISION * high:
            middle = (low + high) / 2
            design = fast(middle)
            if design:
                found, high = design, middle
            else:
                low = middle
        return found


def taken(design):
    """The resources that a design takes, of those of its budget."""
    return ", ".join(f"{design['resources'][kind]} of {design['budget'][kind]} {text}" for kind, text in KINDS.items())


def used(design):
    """The resources that a design takes."""
    return ", ".join(f"{design['resources'][kind]} {text}" for kind, text in KINDS.items())


def too_much(design, budget):
    """The kinds of resources of which a design takes more than a budget, and by how much."""
    parts = {text: design["resources"][kind] / budget[kind] for kind, text in KINDS.items()}
    return " and ".join(f"{text} (x {part:.2f})" for text, part in parts.items() if part > 1)


def gains(network):
    """Rows of a network: each budget, the goal, and the designs around it."""
    rows = ""
    for budget in BUDGETS:
        without, design = network.design(budget, exits=False), network.design(budget)
        if not without or not design:
            continue
        cycles = design["cycles_per_sample"]
        goal = without["cycles_per_sample"] / (OF_BOUND * BOUNDS[network.name])
        found = f"| {network.name} | {100 * budget:.0f} % | {without['cycles_per_sample']:.1f} | {goal:.1f} | {cycles:.1f}: {taken(design)} |"
        for wanted in (cycles * 0.999, goal):
            if cycles <= wanted:
                found += " reached |"
                continue
            closer = network.smallest(wanted, budget, min(1.0, 2 * budget))
            found += f" {closer['cycles_per_sample']:.1f}: {used(closer)}; {too_much(closer, design['budget'])} |" if closer else " none in twice the budget |"
        rows += f"{found}\n"
        print(found, flush=True)
    return rows


def equals(network):
    """The row of a network: what the rate of the design without exits takes with them."""
    without = network.design(REFERENCE, exits=False)
    design = network.smallest(without["cycles_per_sample"], 0, REFERENCE)
    share = [max(d["resources"][kind] / d["device_resources"][kind] for kind in KINDS) for d in (design, without)]
    largest = sorted(design["actors"], key=lambda actor: -actor["resources"]["lut"])[:LARGEST]
    actors = ", ".join(f"`{actor['name']}` {actor['resources']['lut']}" for actor in largest)
    row = f"| {network.name} | {without['cycles_per_sample']:.1f}: {used(without)} | {design['cycles_per_sample']:.1f}: {used(design)} | {100 * share[0] / share[1]:.0f} % | {100 * PARTS[network.name]:.0f} % | {actors} |\n"
    print(row, end="", flush=True)
    return row


def main(chosen):
    """Writes the tables, or prints the chosen rows."""
    if not SHARED.is_dir():
        print(f"skipped: {SHARED} is absent")
        return 0
    networks = [Network(*row) for row in NETWORKS if not chosen or row[0] in chosen]
    table = "By `benches/closest.py`: cycles a sample as `compile` predicts them, and resources. The goal is 95 % of the gain that products allow.\n\n"
    table += "| network | budget | without exits | goal | the design | the smallest that is faster | the smallest that reaches the goal |\n|---|---|---|---|---|---|---|\n"
    table += "".join(gains(network) for network in networks)
    table += "\n| network | without exits in 20 % | with exits, as fast | takes | goal | actors with most LUTs |\n|---|---|---|---|---|---|\n"
    table += "".join(equals(network) for network in networks if network.name in PARTS)
    if not chosen:
        write("closest", table)
    return 0


if __name__ == "__main__":
    sys.exit(main(set(sys.argv[1:])))
