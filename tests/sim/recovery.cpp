// Disturbs runs of a network, each at a random point, and runs the network as a whole after each: on one accelerator,
// which is never reset by its pin. Prints one line for each trial; exit status 1 at the first that is wrong.
//
// Arguments: weights, input and outputs (as the simulator's own program), expected (the network's output, 32-bit
// integers), latency, stall probability, longest burst, seed, number of trials, kinds of trials (or none: all).

#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "dsoc_map.h"
#include "dsoc_port_sim.h"
#include "soc.h"

extern "C" const dsoc_model_t *dsoc_sim_model(void);

namespace {

constexpr uint32_t kTimeout = 200000; // clocks

[[noreturn]] void fail(const std::string &what) {
    throw std::runtime_error(what);
}

std::vector<uint8_t> read_file(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

struct Files {
    std::vector<uint8_t> weights, input, expected;
};

class Bench {
public:
    Bench(const SocConfig &config, const dsoc_model_t &model, const Files &files)
        : config_(config), model_(model), files_(files), soc_(make(config), model), random_(config.axi.seed + 99) {
        const dsoc_port_t port = {
            &soc_,          dsoc_sim_read32,  dsoc_sim_write32, dsoc_sim_flush, dsoc_sim_invalidate,
            dsoc_sim_ticks, dsoc_sim_wait_irq};
        expect(dsoc_init(&ctx_, &model_, &port, soc_.cpu_arena(), kArenaBus, model.arena_bytes), DSOC_OK, "init");
        expect(dsoc_load_weights(&ctx_, files.weights.data(), static_cast<uint32_t>(files.weights.size())), DSOC_OK,
               "weights");
        kept_ = soc_.memory().data;
        reference();
    }

    void trial(const std::string &kind);

    // A write that is never answered: the abort gives up, and says so.
    void give_up() {
        prepare();
        soc_.set_faults({parse_fault("lost-answer")});
        expect(dsoc_run(&ctx_, kTimeout, nullptr), DSOC_ERR_TIMEOUT, "lost answer");
        expect(dsoc_abort(&ctx_, 1000), DSOC_ERR_TIMEOUT, "abort");
        expect(dsoc_set_input(&ctx_, input(), input_bytes()), DSOC_ERR_BUSY, "input while the abort goes on");
    }

private:
    SocConfig &make(const SocConfig &config) {
        config_ = config;
        config_.on_output = [this](const uint8_t *data, size_t bytes) {
            outputs_.insert(outputs_.end(), data, data + bytes);
        };
        return config_;
    }

    void expect(dsoc_status_t received, dsoc_status_t expected, const char *what) {
        if (received != expected) {
            fail(std::string(what) + ": expected \"" + dsoc_status_string(expected) + "\", received \"" +
                 dsoc_status_string(received) + "\"");
        }
    }

    uint64_t below(uint64_t limit) { return limit == 0 ? 0 : random_.next() % limit; }
    const int8_t *input() const { return reinterpret_cast<const int8_t *>(files_.input.data()); }
    uint32_t input_bytes() const { return static_cast<uint32_t>(files_.input.size()); }

    // Table and weights as they were, everything else other than before, and the input packed anew.
    void prepare() {
        for (uint8_t &byte : soc_.memory().data) {
            byte = static_cast<uint8_t>(poison_ ^ (random_fill_ ? random_.next() >> 56 : 0));
        }
        std::memcpy(soc_.memory().data.data() + model_.desc_offset, kept_.data() + model_.desc_offset,
                    size_t{4} * DSOC_DESCRIPTOR_WORDS * model_.n_ops);
        std::memcpy(soc_.memory().data.data() + model_.weights_offset, kept_.data() + model_.weights_offset,
                    model_.weights_bytes);
        soc_.set_faults({});
        outputs_.clear();
        expect(dsoc_set_input(&ctx_, input(), input_bytes()), DSOC_OK, "input");
    }

    // Two whole runs on memories of which no byte is equal: what is equal after them was written.
    void reference() {
        for (const uint8_t poison : {0x5A, 0xA5}) {
            poison_ = poison;
            prepare();
            expect(dsoc_run(&ctx_, kTimeout, nullptr), DSOC_OK, "first run");
            if (reference_.empty()) {
                reference_ = outputs_;
                clocks_ = soc_.run_clocks();
                for (const char port : {'x', 'k', 'o'}) {
                    beats_[static_cast<size_t>(port)] = soc_.read_port(port).beats;
                }
                answers_ = soc_.write_port().answers;
            }
        }
        written_.resize(reference_.size());
        for (size_t i = 0; i < reference_.size(); i++) {
            written_[i] = reference_[i] == outputs_[i];
        }
        random_fill_ = true;
        compare("first run");
    }

    // Every written byte of every operation, and what the firmware returns.
    void compare(const std::string &what) {
        if (outputs_.size() != reference_.size()) {
            fail(what + ": " + std::to_string(outputs_.size()) + " bytes of results, not " +
                 std::to_string(reference_.size()));
        }
        for (size_t i = 0; i < reference_.size(); i++) {
            if (written_[i] && outputs_[i] != reference_[i]) {
                fail(what + ": byte " + std::to_string(i) + " of the results differs");
            }
        }
        std::vector<int32_t> values(dsoc_output_count(&model_));
        expect(dsoc_get_output(&ctx_, values.data(), static_cast<uint32_t>(values.size())), DSOC_OK, "output");
        if (4 * values.size() != files_.expected.size() ||
            std::memcmp(values.data(), files_.expected.data(), files_.expected.size()) != 0) {
            fail(what + ": the network's output differs");
        }
    }

    void idle() {
        if ((soc_.read32(DSOC_REG_STATUS) & DSOC_STATUS_BUSY_MASK) != 0) {
            fail("still busy");
        }
    }

    void start() { expect(dsoc_start(&ctx_), DSOC_OK, "start"); }
    dsoc_status_t wait() { return dsoc_wait(&ctx_, kTimeout, nullptr); }
    void abort() { expect(dsoc_abort(&ctx_, kTimeout), DSOC_OK, "abort"); }

    void with_fault(const std::string &fault, dsoc_status_t status) {
        told_ = fault;
        soc_.set_faults({parse_fault(fault)});
        start();
        expect(wait(), status, "disturbed run");
    }

    std::string read_error() {
        std::string ports;
        for (const char port : {'x', 'k', 'o'}) {
            ports += beats_[static_cast<size_t>(port)] != 0 ? std::string(1, port) : "";
        }
        const char port = ports[read_errors_++ % ports.size()];
        return std::string("read-error:0:") + port + ":" + std::to_string(below(beats_[static_cast<size_t>(port)])) +
               (below(2) ? ":slverr" : ":decerr");
    }

    std::string in_operation(const char *fault) {
        return std::string(fault) + ":" + std::to_string(below(model_.n_ops));
    }

    void disturb(const std::string &kind);
    void disturb_registers(const std::string &kind, uint64_t at);
    void refuse(const std::string &kind);

    SocConfig config_;
    const dsoc_model_t &model_;
    const Files &files_;
    Soc soc_;
    Random random_;
    dsoc_t ctx_{};
    std::vector<uint8_t> kept_, outputs_, reference_;
    std::vector<bool> written_;
    uint8_t poison_ = 0;
    bool random_fill_ = false;
    uint64_t clocks_ = 0, beats_[128] = {}, answers_ = 0;
    size_t read_errors_ = 0; // made so far: each port has its turn
    std::string told_;
};

void Bench::disturb(const std::string &kind) {
    if (kind == "read-error") {
        with_fault(read_error(), DSOC_ERR_HW_AXI_READ);
    } else if (kind == "write-error") {
        with_fault("write-error:0:y:" + std::to_string(below(answers_)) + (below(2) ? ":slverr" : ":decerr"),
                   DSOC_ERR_HW_AXI_WRITE);
    } else if (kind == "stale-descriptor") {
        with_fault(in_operation("stale-descriptor"), DSOC_ERR_HW_NET_ID);
    } else if (kind == "misplaced-descriptor") {
        with_fault(in_operation("misplaced-descriptor"), DSOC_ERR_HW_ORDER);
    } else if (kind == "bad-checksum") {
        with_fault(in_operation("bad-checksum"), DSOC_ERR_HW_DESCRIPTOR);
    } else if (kind == "wrong-header") {
        std::vector<uint32_t> with_weights;
        for (uint32_t i = 0; i < model_.n_ops; i++) {
            if (model_.descriptors[size_t{i} * DSOC_DESCRIPTOR_WORDS + DSOC_D_K_BEATS_WORD] != 0) {
                with_weights.push_back(i);
            }
        }
        with_fault("wrong-header:" + std::to_string(with_weights[below(with_weights.size())]), DSOC_ERR_HW_WEIGHTS);
    } else if (kind == "no-operations" || kind == "unaligned") {
        refuse(kind);
    } else {
        disturb_registers(kind, below(clocks_ * 8 / 10));
    }
}

// A start that cannot be.
void Bench::refuse(const std::string &kind) {
    dsoc_model_t model = model_;
    dsoc_t ctx = ctx_;
    ctx.model = &model;
    if (kind == "no-operations") {
        model.n_ops = 0;
    } else if (below(2)) {
        ctx.arena_bus += 1u << below(12);
    } else {
        model.desc_offset += 1u << below(8);
    }
    expect(dsoc_run(&ctx, kTimeout, nullptr), kind == "no-operations" ? DSOC_ERR_HW_EMPTY : DSOC_ERR_HW_ALIGNMENT,
           "refused run");
    if (ctx.started) {
        fail("still started");
    }
}

// What the CPU may do to the registers in clock `at` of a run.
void Bench::disturb_registers(const std::string &kind, uint64_t at) {
    told_ = kind + " at " + std::to_string(at);
    if (kind == "error-then-abort") {
        const std::string fault = read_error();
        told_ += " after " + fault;
        soc_.set_faults({parse_fault(fault)});
    }
    start();
    soc_.pass(at);
    if (kind == "abort" || kind == "error-then-abort") {
        abort();
        expect(wait(), DSOC_ERR_STATE, "wait after an abort");
    } else if (kind == "reset-then-start") {
        soc_.write32(DSOC_REG_CTRL, DSOC_CTRL_SOFT_RESET_MASK);
        soc_.pass(below(100));
        soc_.write32(DSOC_REG_CTRL, DSOC_CTRL_START_MASK);
        soc_.pass(below(100));
        abort();
    } else if (kind == "start-while-busy") {
        soc_.write32(DSOC_REG_CTRL, DSOC_CTRL_START_MASK | DSOC_CTRL_IRQ_ENABLE_MASK);
        expect(wait(), DSOC_OK, "run that was started twice");
        compare("run that was started twice");
    } else if (kind == "acknowledge-while-busy") {
        soc_.write32(DSOC_REG_IRQ_ACK, DSOC_IRQ_ACK_ACK_MASK);
        expect(wait(), DSOC_OK, "acknowledged run");
        compare("acknowledged run");
    } else if (kind == "table-while-busy") {
        const uint32_t registers[] = {DSOC_REG_ARENA_LO, DSOC_REG_ARENA_HI, DSOC_REG_DESC_OFFSET, DSOC_REG_N_OPS,
                                      DSOC_REG_NET_ID};
        soc_.write32(registers[below(5)], static_cast<uint32_t>(random_.next()));
        expect(wait(), DSOC_ERR_HW_LOCKED, "run whose table was changed");
    } else {
        fail("unknown kind " + kind);
    }
}

void Bench::trial(const std::string &kind) {
    told_ = kind;
    try {
        prepare();
        disturb(kind);
        idle();
        prepare();
        expect(dsoc_run(&ctx_, kTimeout, nullptr), DSOC_OK, "run afterwards");
        idle();
        compare("run afterwards");
    } catch (const std::exception &error) {
        fail(told_ + ": " + error.what());
    }
    std::printf("%s: right afterwards\n", told_.c_str());
}

int run(const std::vector<std::string> &arguments) {
    const Files files{read_file(arguments.at(0)), read_file(arguments.at(1)), read_file(arguments.at(3))};
    SocConfig config{};
    std::ifstream outputs(arguments.at(2));
    for (Region region; outputs >> region.offset >> region.bytes;) {
        config.outputs.push_back(region);
    }
    config.axi.latency = static_cast<uint32_t>(std::stoul(arguments.at(4)));
    config.axi.stall_prob = std::stod(arguments.at(5));
    config.axi.max_burst = static_cast<uint32_t>(std::stoul(arguments.at(6)));
    config.axi.seed = std::stoull(arguments.at(7));
    config.watchdog = 100000;
    std::vector<std::string> kinds(arguments.begin() + 9, arguments.end());
    if (kinds.empty()) {
        kinds = {"read-error",       "write-error",      "abort",
                 "read-error",       "write-error",      "reset-then-start",
                 "read-error",       "error-then-abort", "start-while-busy",
                 "table-while-busy", "stale-descriptor", "misplaced-descriptor",
                 "bad-checksum",     "wrong-header",     "acknowledge-while-busy",
                 "no-operations",    "unaligned"};
    }
    Bench bench(config, *dsoc_sim_model(), files);
    for (size_t i = 0; i < std::stoul(arguments.at(8)); i++) {
        bench.trial(kinds[i % kinds.size()]);
    }
    bench.give_up();
    return 0;
}

} // namespace

int main(int argc, char **argv) {
    try {
        return run({argv + 1, argv + argc});
    } catch (const std::exception &error) {
        std::printf("%s\n", error.what());
        return 1;
    }
}
