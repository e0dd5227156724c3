// The Verilated accelerator with its memory, its bus slaves and the CPU's register accesses, one clock at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "Vdsoc.h"
#include "axi.h"
#include "dsoc.h"
#include "faults.h"
#include "memory.h"

#if VM_TRACE
#include "verilated_fst_c.h"
#endif

constexpr size_t kBeatBytes = sizeof(Vdsoc::m_axi_x_rdata);
constexpr uint64_t kArenaBus = 0x1234000000u; // needs both address registers

struct Region {
    uint64_t offset, bytes; // in the arena
};

struct SocConfig {
    AxiConfig axi;
    uint64_t watchdog;           // clocks without any transfer after which a run is given up
    std::vector<Region> outputs; // one per operation
    std::vector<Fault> faults;
    std::string trace;     // FST file, empty for none
    std::string snapshots; // file that gets every operation's output
};

// What was measured of one operation. Clocks count from the start of the run.
struct OperationRecord {
    uint64_t start = 0, done = 0;
    uint64_t x_bytes = 0, k_bytes = 0, o_bytes = 0, y_bytes = 0;
};

class Soc {
public:
    Soc(const SocConfig &config, const dsoc_model_t &model);
    ~Soc();
    Soc(const Soc &) = delete;
    Soc &operator=(const Soc &) = delete;

    uint32_t read32(uint32_t offset);
    void write32(uint32_t offset, uint32_t value);
    void flush(const void *address, uint32_t bytes);
    void invalidate(const void *address, uint32_t bytes);
    int wait_irq(uint32_t ticks);

    uint8_t *cpu_arena() { return cpu_arena_.data(); }
    uint64_t clock() const { return clock_; }
    uint64_t run_clocks() const { return records_.empty() ? 0 : last_done_ - start_clock_; }
    double run_seconds() const;
    bool hung() const { return hung_; }
    size_t done_count() const { return done_count_; }
    const std::vector<OperationRecord> &records() const { return records_; }
    const std::vector<std::string> &faults_applied() const { return faults_applied_; }

private:
    void reset();
    void step();
    void step_until(const CData &fired);
    void sample();
    void operation_done();
    void begin_operation(size_t index);
    void start_run();
    OperationRecord &owner_of(uint64_t address);
    void report_progress();
    uint8_t *memory_at(const void *address, uint32_t bytes);

    const SocConfig &config_;
    const dsoc_model_t &model_;
    VerilatedContext context_;
    std::unique_ptr<Vdsoc> top_;
#if VM_TRACE
    std::unique_ptr<VerilatedFstC> trace_;
#endif
    Memory memory_;
    std::vector<uint8_t> cpu_arena_;
    ReadPort<kBeatBytes> x_, k_, o_;
    WritePort<kBeatBytes> y_;
    Stall lite_stall_;
    CData aw_fired_ = 0, w_fired_ = 0, b_fired_ = 0, ar_fired_ = 0, r_fired_ = 0; // AXI4-Lite, at the last edge
    uint32_t r_data_ = 0;
    uint64_t clock_ = 0, start_clock_ = 0, last_done_ = 0, last_activity_ = 0;
    bool running_ = false, hung_ = false;
    size_t done_count_ = 0;
    std::vector<OperationRecord> records_;
    std::vector<std::pair<uint64_t, size_t>> weights_at_; // bus address where an operation's weights begin, sorted
    std::vector<std::string> faults_applied_;
    std::FILE *snapshots_;
    std::chrono::steady_clock::time_point started_at_, ended_at_, told_at_;
};
