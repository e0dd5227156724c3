// The Verilated accelerator with its memory, its bus slaves and the CPU's register accesses, one clock at a time.
//
// Ends in a violation where the accelerator begins a transfer after an error or a soft reset, or says that it is not
// busy while one is under way.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "Vdsoc.h"
#include "axi.h"
#include "memory.h"

#if VM_TRACE
#include "verilated_fst_c.h"
#endif

constexpr size_t kBeatBytes = sizeof(Vdsoc::m_axi_x_rdata);
constexpr uint64_t kMemoryBus = 0x1234000000u; // needs both address registers

struct MachineConfig {
    AxiConfig axi;
    uint64_t watchdog; // clocks without any transfer after which a run is given up
    std::string trace; // FST file, empty for none
};

class Machine {
public:
    Machine(const MachineConfig &config, uint64_t memory_bytes);
    virtual ~Machine();
    Machine(const Machine &) = delete;
    Machine &operator=(const Machine &) = delete;

    uint32_t read32(uint32_t offset);
    void write32(uint32_t offset, uint32_t value);
    // Steps until the interrupt, at most `ticks` clocks (0: no limit); anything but 0: the accelerator stands still.
    int wait_irq(uint32_t ticks);
    // Lets the clock run.
    void pass(uint64_t clocks);

    uint64_t clock() const { return clock_; }
    bool hung() const { return hung_; }
    Memory &memory() { return memory_; }
    ReadPort<kBeatBytes> &read_port(char name) { return name == 'x' ? x_ : name == 'k' ? k_ : o_; }
    WritePort<kBeatBytes> &write_port() { return y_; }

protected:
    // A burst was accepted on a port ('x', 'k', 'o' or 'y').
    virtual void on_burst(char port, uint64_t address, uint64_t bytes) {}
    // Everything of the coming rising edge was taken.
    virtual void on_sample() {}
    // CTRL.start is written in this clock.
    virtual void on_start() {}
    // CTRL.soft_reset was written.
    virtual void on_soft_reset() {}
    // STATUS says that the accelerator is not busy.
    virtual void on_rest() {}
    // A clock is over.
    virtual void on_clock() {}

    const MachineConfig &machine_config_;
    VerilatedContext context_;
    std::unique_ptr<Vdsoc> top_;
#if VM_TRACE
    std::unique_ptr<VerilatedFstC> trace_;
#endif
    Memory memory_;
    ReadPort<kBeatBytes> x_, k_, o_;
    WritePort<kBeatBytes> y_;
    uint64_t clock_ = 0, last_activity_ = 0;

private:
    void reset();
    void step();
    void step_until(const CData &fired);
    void sample();
    void stop_from(uint64_t clock);
    void check_rest() const;

    Stall lite_stall_;
    CData aw_fired_ = 0, w_fired_ = 0, b_fired_ = 0, ar_fired_ = 0, r_fired_ = 0; // AXI4-Lite, at the last edge
    uint32_t r_data_ = 0;
    bool hung_ = false;
};
