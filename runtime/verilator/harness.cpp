//===- harness.cpp - drives a simulated accelerator over its AXI4-Stream ports
//---------------------------------===//
//
// Feeds samples, collects results, and checks the protocol on every cycle.
// Built once a design together with Verilator's model of it;
// runtime/src/simulate.rs starts it and reads what it writes:
//
// - on standard output a line each: `progress OUTPUTS`, and last one of
//     done CYCLES
//     deadlock CYCLE ACCEPTED_SAMPLES OUTPUTS FIRST_MISSING_SAMPLE
//     violation CYCLE TEXT
// - in the results file, after `done`, a record for each result in the order of
// arrival: sample (8 bytes), tid (8),
//   tuser (8), cycle of the first and the last input beat and of the last
//   output beat (8 each), then the logits' beats as they were; little endian.
//
//===------------------------------------------------------------------------------------------------------------===//

#include "Vtop.h"
#include "verilated.h"
#if VM_TRACE
#include "verilated_vcd_c.h"
#endif

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

// Verilator's library asks for it.
double sc_time_stamp() { return 0; }

namespace {

using Bytes = std::vector<uint8_t>;

constexpr uint64_t kResetCycles = 8;
// How long to listen for results that nobody asked for.
constexpr uint64_t kDrainCycles = 1000;
// A valid that depends on ready is looked for in one of so many cycles.
constexpr uint64_t kProbePeriod = 61;
constexpr size_t kTags = 1 << 16;

// A port of up to 64 bits is an integer, a wider one an array of 32-bit words;
// both are little endian on every host that this runs on.
template <typename Port>
void drive(Port &port, const uint8_t *bytes, size_t size) {
  port = 0;
  std::memcpy(&port, bytes, size);
}
template <size_t Words>
void drive(VlWide<Words> &port, const uint8_t *bytes, size_t size) {
  std::memset(port.data(), 0, 4 * Words);
  std::memcpy(port.data(), bytes, size);
}
template <typename Port>
void sample(const Port &port, uint8_t *bytes, size_t size) {
  std::memcpy(bytes, &port, size);
}
template <size_t Words>
void sample(const VlWide<Words> &port, uint8_t *bytes, size_t size) {
  std::memcpy(bytes, port.data(), size);
}

// splitmix64.
class Random {
public:
  explicit Random(uint64_t seed) : state(seed) {}
  uint32_t next() {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return static_cast<uint32_t>((z ^ (z >> 31)) >> 32);
  }

private:
  uint64_t state;
};

struct Options {
  const char *input, *results, *trace;
  uint64_t samples, inputBeats, inputBytes, outputBeats, outputBytes, exits;
  uint64_t stall; // of 2^32
  uint64_t seed, watchdog;
  uint64_t burst;   // cycles, or 0
  uint64_t resetAt; // cycle, or 0
};

// What the output port shows in a cycle.
struct Beat {
  bool valid = false, last = false;
  uint64_t tag = 0, exit = 0;
  Bytes data;
  bool operator==(const Beat &other) const {
    return valid == other.valid && last == other.last && tag == other.tag &&
           exit == other.exit && data == other.data;
  }
};

class Harness {
public:
  explicit Harness(const Options &options)
      : options(options), gaps(options.seed * 3 + 1),
        stalls(options.seed * 3 + 2), bursts(options.seed * 3 + 3),
        inFlight(kTags, -1), firstInput(options.samples),
        lastInput(options.samples), idle(options.inputBytes, 0xa5) {
    seen.data = held.data = probe.data = Bytes(options.outputBytes);
  }

  int run(const Bytes &frames) {
    this->frames = frames.data();
#if VM_TRACE
    if (*options.trace) {
      context.traceEverOn(true);
      top.trace(&trace, 99);
      trace.open(options.trace);
    }
#endif
    top.clk = 0;
    while (!finished) {
      step();
      ++cycle;
    }
    top.final();
#if VM_TRACE
    trace.close();
#endif
    if (!failed)
      writeResults();
    return 0;
  }

private:
  void step() {
    if (options.resetAt && cycle == options.resetAt)
      startOver();
    bool reset = cycle - lastReset < kResetCycles;
    top.rst = reset;
    if (options.burst && cycle % options.burst == 0)
      drawBurst();
    driveInput(reset);
    bool ready = !reset && (draining() || (!blocked && !chance(stalls)));
    top.m_axis_tready = ready;
    top.clk = 0;
    top.eval();
    dump(0);
    if (!reset) {
      look(seen);
      if (cycle % kProbePeriod == 0)
        probeReady(ready);
      takeInput();
      takeOutput(ready);
      watch();
    }
    top.clk = 1;
    top.eval();
    dump(1);
    if (context.gotFinish())
      violation("the design called $finish");
  }

  bool chance(Random &random) { return random.next() < options.stall; }
  // One burst in eight starves the input, one blocks the output until
  // everything before it is full.
  void drawBurst() {
    uint32_t kind = bursts.next() % 8;
    starved = kind == 0;
    blocked = kind == 1;
  }

  // A reset in the middle of a run: the host forgets everything, and so must
  // the accelerator.
  void startOver() {
    lastReset = progress = cycle;
    fed = beat = outputs = outputBeat = reported = 0;
    offering = stalled = false;
    inFlight.assign(kTags, -1);
    results.clear();
  }

  bool draining() const { return outputs == options.samples; }

  // Once offered, a beat stays until it is taken.
  void driveInput(bool reset) {
    if (!reset && !offering && !starved && fed < options.samples &&
        !(beat == 0 && inFlight[fed % kTags] >= 0) && !chance(gaps)) {
      offering = true;
      drive(top.s_axis_tdata,
            frames + (fed * options.inputBeats + beat) * options.inputBytes,
            options.inputBytes);
      top.s_axis_tid = fed % kTags;
      top.s_axis_tlast = beat + 1 == options.inputBeats;
    } else if (!offering) {
      // Nothing may be read without valid.
      drive(top.s_axis_tdata, idle.data(), idle.size());
      top.s_axis_tid = 0x5a5a;
      top.s_axis_tlast = cycle & 1;
    }
    top.s_axis_tvalid = offering;
  }

  void takeInput() {
    if (!offering || !top.s_axis_tready)
      return;
    offering = false;
    progress = cycle;
    if (beat == 0) {
      firstInput[fed] = cycle;
      inFlight[fed % kTags] = static_cast<int64_t>(fed);
    }
    if (++beat == options.inputBeats) {
      lastInput[fed] = cycle;
      ++fed;
      beat = 0;
    }
  }

  void look(Beat &into) {
    into.valid = top.m_axis_tvalid;
    into.last = top.m_axis_tlast;
    into.tag = top.m_axis_tid;
    into.exit = top.m_axis_tuser;
    sample(top.m_axis_tdata, into.data.data(), options.outputBytes);
  }

  // A source may not look at ready to decide on valid: two such parties would
  // wait for each other for ever.
  void probeReady(bool ready) {
    top.m_axis_tready = !ready;
    top.eval();
    look(probe);
    top.m_axis_tready = ready;
    top.eval();
    if (probe.valid != seen.valid)
      violation("m_axis_tvalid depends on m_axis_tready");
    else if (seen.valid && !(probe == seen))
      violation("the output beat depends on m_axis_tready");
  }

  void takeOutput(bool ready) {
    if (stalled) {
      if (!seen.valid)
        return violation("m_axis_tvalid dropped before the beat was taken");
      if (!(seen == held))
        return violation("the output beat changed before it was taken");
    }
    stalled = seen.valid && !ready;
    if (stalled)
      std::swap(held, seen);
    if (stalled || !seen.valid)
      return;
    progress = cycle;
    if (draining())
      return violation("a result came out after one for each sample (tid " +
                       std::to_string(seen.tag) + ")");
    if (outputBeat == 0) {
      int64_t owner = inFlight[seen.tag];
      if (owner < 0)
        return violation("m_axis_tid " + std::to_string(seen.tag) +
                         " is of no sample in the accelerator");
      if (seen.exit >= options.exits)
        return violation("m_axis_tuser " + std::to_string(seen.exit) +
                         " is no exit, there are " +
                         std::to_string(options.exits));
      tag = seen.tag;
      exit = seen.exit;
      record({static_cast<uint64_t>(owner), tag, exit, firstInput[owner],
              lastInput[owner]});
      // The last output cycle goes here once it is known.
      lastOutputAt = results.size();
      record({0});
    } else if (seen.tag != tag) {
      return violation("m_axis_tid changed within a result, from " +
                       std::to_string(tag) + " to " + std::to_string(seen.tag));
    } else if (seen.exit != exit) {
      return violation("m_axis_tuser changed within a result, from " +
                       std::to_string(exit) + " to " +
                       std::to_string(seen.exit));
    }
    results.insert(results.end(), seen.data.begin(), seen.data.end());
    bool last = ++outputBeat == options.outputBeats;
    if (seen.last != last)
      return violation(std::string("m_axis_tlast is ") +
                       (seen.last ? "high" : "low") + " on beat " +
                       std::to_string(outputBeat) + " of the " +
                       std::to_string(options.outputBeats) + " of a result");
    if (last) {
      std::memcpy(results.data() + lastOutputAt, &cycle, sizeof cycle);
      outputBeat = 0;
      inFlight[tag] = -1;
      ++outputs;
      report();
    }
  }

  void watch() {
    if (finished)
      return;
    if (draining()) {
      if (fed == options.samples && cycle - progress >= kDrainCycles) {
        std::printf("done %llu\n", static_cast<unsigned long long>(cycle));
        finished = true;
      }
    } else if (cycle - progress >= options.watchdog) {
      int64_t missing = -1;
      for (int64_t owner : inFlight)
        if (owner >= 0 && (missing < 0 || owner < missing))
          missing = owner;
      std::printf("deadlock %llu %llu %llu %lld\n",
                  static_cast<unsigned long long>(cycle),
                  static_cast<unsigned long long>(fed),
                  static_cast<unsigned long long>(outputs),
                  static_cast<long long>(missing));
      finished = failed = true;
    }
  }

  void violation(const std::string &text) {
    if (finished)
      return;
    std::printf("violation %llu %s\n", static_cast<unsigned long long>(cycle),
                text.c_str());
    finished = failed = true;
  }

  void report() {
    uint64_t percent = outputs * 100 / options.samples;
    if (percent == reported)
      return;
    reported = percent;
    std::printf("progress %llu\n", static_cast<unsigned long long>(outputs));
    std::fflush(stdout);
  }

  void record(std::initializer_list<uint64_t> values) {
    for (uint64_t value : values) {
      const auto *bytes = reinterpret_cast<const uint8_t *>(&value);
      results.insert(results.end(), bytes, bytes + sizeof value);
    }
  }

  void writeResults() {
    std::FILE *file = std::fopen(options.results, "wb");
    if (!file ||
        std::fwrite(results.data(), 1, results.size(), file) !=
            results.size() ||
        std::fclose(file) != 0) {
      std::perror(options.results);
      std::exit(1);
    }
  }

  void dump(uint64_t half) {
#if VM_TRACE
    if (*options.trace)
      trace.dump(2 * cycle + half);
#else
    (void)half;
#endif
  }

  const Options &options;
  VerilatedContext context;
  Vtop top{&context};
#if VM_TRACE
  VerilatedVcdC trace;
#endif
  Random gaps, stalls, bursts;
  bool starved = false, blocked = false;
  const uint8_t *frames = nullptr;
  uint64_t cycle = 0, lastReset = 0, progress = 0, reported = 0;
  bool finished = false, failed = false;

  // Input: samples fed, beats of the next one fed, and whether a beat is being
  // offered.
  uint64_t fed = 0, beat = 0;
  bool offering = false;
  // The sample that has a tag, or -1.
  std::vector<int64_t> inFlight;
  std::vector<uint64_t> firstInput, lastInput;
  Bytes idle;

  // Output.
  Beat seen, held, probe;
  bool stalled = false;
  uint64_t outputs = 0, outputBeat = 0, tag = 0, exit = 0;
  size_t lastOutputAt = 0;
  Bytes results;
};

Bytes readFile(const char *path) {
  std::FILE *file = std::fopen(path, "rb");
  if (!file) {
    std::perror(path);
    std::exit(1);
  }
  Bytes bytes;
  uint8_t buffer[1 << 16];
  while (size_t count = std::fread(buffer, 1, sizeof buffer, file))
    bytes.insert(bytes.end(), buffer, buffer + count);
  std::fclose(file);
  return bytes;
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 15) {
    std::fprintf(stderr,
                 "usage: %s INPUT RESULTS TRACE SAMPLES INPUT_BEATS "
                 "INPUT_BYTES OUTPUT_BEATS OUTPUT_BYTES "
                 "EXITS STALL SEED WATCHDOG BURST RESET_AT\n",
                 argv[0]);
    return 2;
  }
  auto number = [&](int index) {
    return std::strtoull(argv[index], nullptr, 10);
  };
  Options options{argv[1],    argv[2],    argv[3],    number(4), number(5),
                  number(6),  number(7),  number(8),  number(9), number(10),
                  number(11), number(12), number(13), number(14)};
  Bytes frames = readFile(options.input);
  if (frames.size() !=
      options.samples * options.inputBeats * options.inputBytes) {
    std::fprintf(stderr, "%s: %zu bytes are not that many samples\n",
                 options.input, frames.size());
    return 1;
  }
  return std::make_unique<Harness>(options)->run(frames);
}
