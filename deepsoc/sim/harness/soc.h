// The machine with one network in it: watches every operation, plants faults, and shows the firmware an arena.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "dsoc.h"
#include "faults.h"
#include "machine.h"

constexpr uint64_t kArenaBus = kMemoryBus;

struct Region {
    uint64_t offset, bytes; // in the arena
};

struct SocConfig : MachineConfig {
    std::vector<Region> outputs; // one per operation
    std::vector<Fault> faults;
    std::function<void(const uint8_t *data, size_t bytes)> on_output; // gets every operation's output
};

// What was measured of one operation. Clocks count from the start of the run.
struct OperationRecord {
    uint64_t start = 0, done = 0;
    uint64_t x_bytes = 0, k_bytes = 0, o_bytes = 0, y_bytes = 0;
};

class Soc : public Machine {
public:
    Soc(const SocConfig &config, const dsoc_model_t &model);

    void flush(const void *address, uint32_t bytes);
    void invalidate(const void *address, uint32_t bytes);

    // What the next run suffers, in place of the configuration's faults.
    void set_faults(std::vector<Fault> faults) { faults_ = std::move(faults); }

    uint8_t *cpu_arena() { return cpu_arena_.data(); }
    uint64_t run_clocks() const { return records_.empty() ? 0 : last_done_ - start_clock_; }
    // Of the runs that were done before; faults are made in the first one.
    const std::vector<uint64_t> &earlier_clocks() const { return earlier_clocks_; }
    double run_seconds() const;
    size_t done_count() const { return done_count_; }
    const std::vector<OperationRecord> &records() const { return records_; }
    const std::vector<std::string> &faults_applied() const { return faults_applied_; }

private:
    void on_burst(char port, uint64_t address, uint64_t bytes) override;
    void on_sample() override;
    void on_start() override;
    void on_soft_reset() override { running_ = false; } // its operations do not end any more
    void on_rest() override { running_ = false; }
    void on_clock() override;
    void operation_done();
    void begin_operation(size_t index);
    void arm(const Fault &fault);
    void disarm();
    OperationRecord &owner_of(uint64_t address);
    void report_progress();
    uint8_t *memory_at(const void *address, uint32_t bytes);

    const SocConfig &config_;
    const dsoc_model_t &model_;
    std::vector<uint8_t> cpu_arena_;
    std::vector<Fault> faults_;
    uint64_t start_clock_ = 0, last_done_ = 0;
    bool running_ = false;
    size_t done_count_ = 0;
    std::vector<uint64_t> earlier_clocks_;
    std::vector<OperationRecord> records_;
    std::vector<std::pair<uint64_t, size_t>> weights_at_; // bus address where an operation's weights begin, sorted
    std::vector<std::string> faults_applied_;
    std::chrono::steady_clock::time_point started_at_, ended_at_, told_at_;
};
