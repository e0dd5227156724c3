// The Verilated RISC-V SoC with its memory and the other end of its serial port; watches what the accelerator does.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "Vdsoc.h"
#include "axi.h"
#include "memory.h"
#include "serial.h"

#if VM_TRACE
#include "verilated_fst_c.h"
#endif

constexpr size_t kBeatBytes = sizeof(Vdsoc::m_axi_mem_rdata);

struct Region {
    uint64_t offset, bytes; // in the memory
};

struct SystemConfig {
    AxiConfig axi;
    uint64_t memory_bus = 0, memory_bytes = 0;
    uint64_t watchdog = 0;         // clocks without any transfer, operation or serial bit after which a run is given up
    uint64_t limit = 0;            // clocks after which a run is given up in any case
    uint32_t divider = 16;         // clocks a serial bit
    std::vector<uint8_t> serial;   // bytes to send once the boot loader has said who it is
    std::vector<Region> outputs;   // one an operation
    std::vector<uint64_t> weights; // offset where each operation's weights begin, ~0: none
    uint64_t weights_end = 0;      // offset behind all of them
    std::string trace;             // FST file, empty for none
    std::function<void(const uint8_t *data, size_t bytes)> on_output; // gets every operation's output
};

// What was measured of one operation. Clocks count from the start of the run.
struct OperationRecord {
    uint64_t start = 0, done = 0;
    uint64_t x_bytes = 0, k_bytes = 0, o_bytes = 0, y_bytes = 0;
};

class System {
public:
    explicit System(const SystemConfig &config);
    ~System();
    System(const System &) = delete;
    System &operator=(const System &) = delete;

    // Runs until a line that starts with "end " or "trap " is there; false: it was given up.
    bool run();

    Memory &memory() { return memory_; }
    const std::string &text() const { return serial_.text(); }
    uint64_t clock() const { return clock_; }
    uint64_t run_clocks() const { return last_done_ - start_clock_; }
    double seconds() const { return seconds_; }
    uint32_t program_counter() const;
    size_t done_count() const { return done_count_; }
    const std::vector<OperationRecord> &records() const { return records_; }

private:
    void reset();
    void step();
    void watch();
    void operation_done();
    OperationRecord &owner_of(uint64_t address);
    bool is_weights(uint64_t address) const;
    bool finished();
    void report_progress();

    const SystemConfig &config_;
    VerilatedContext context_;
    std::unique_ptr<Vdsoc> top_;
#if VM_TRACE
    std::unique_ptr<VerilatedFstC> trace_;
#endif
    Memory memory_;
    ReadPort<kBeatBytes> read_;
    WritePort<kBeatBytes> write_;
    Serial serial_;
    uint64_t clock_ = 0, last_activity_ = 0, start_clock_ = 0, last_done_ = 0;
    bool running_ = false, line_ = true, active_ = false;
    size_t done_count_ = 0, looked_ = 0;
    double seconds_ = 0;
    std::vector<OperationRecord> records_;
    std::vector<std::pair<uint64_t, size_t>> weights_at_;
    std::chrono::steady_clock::time_point told_at_;
};
