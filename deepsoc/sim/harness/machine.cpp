#include "machine.h"

#include <algorithm>

#include "dsoc_map.h"

namespace {

constexpr int kResetClocks = 8;
constexpr uint64_t kStopAfterError = 2; // clocks from a beat or answer with an error to the stop of the ports
constexpr uint64_t kStopAfterReset = 3; // clocks from the write of CTRL.soft_reset

AddressSignals read_address(Vdsoc &t, char port) {
    switch (port) {
    case 'x':
        return {&t.m_axi_x_araddr,  &t.m_axi_x_arlen,   &t.m_axi_x_arsize,
                &t.m_axi_x_arburst, &t.m_axi_x_arvalid, &t.m_axi_x_arready};
    case 'k':
        return {&t.m_axi_k_araddr,  &t.m_axi_k_arlen,   &t.m_axi_k_arsize,
                &t.m_axi_k_arburst, &t.m_axi_k_arvalid, &t.m_axi_k_arready};
    default:
        return {&t.m_axi_o_araddr,  &t.m_axi_o_arlen,   &t.m_axi_o_arsize,
                &t.m_axi_o_arburst, &t.m_axi_o_arvalid, &t.m_axi_o_arready};
    }
}

ReadPort<kBeatBytes>::Signals read_signals(Vdsoc &t, char port) {
    const AddressSignals ar = read_address(t, port);
    switch (port) {
    case 'x':
        return {ar, &t.m_axi_x_rdata, &t.m_axi_x_rresp, &t.m_axi_x_rlast, &t.m_axi_x_rvalid, &t.m_axi_x_rready};
    case 'k':
        return {ar, &t.m_axi_k_rdata, &t.m_axi_k_rresp, &t.m_axi_k_rlast, &t.m_axi_k_rvalid, &t.m_axi_k_rready};
    default:
        return {ar, &t.m_axi_o_rdata, &t.m_axi_o_rresp, &t.m_axi_o_rlast, &t.m_axi_o_rvalid, &t.m_axi_o_rready};
    }
}

WritePort<kBeatBytes>::Signals write_signals(Vdsoc &t) {
    return {{&t.m_axi_y_awaddr, &t.m_axi_y_awlen, &t.m_axi_y_awsize, &t.m_axi_y_awburst, &t.m_axi_y_awvalid,
             &t.m_axi_y_awready},
            &t.m_axi_y_wdata,
            &t.m_axi_y_wstrb,
            &t.m_axi_y_wlast,
            &t.m_axi_y_wvalid,
            &t.m_axi_y_wready,
            &t.m_axi_y_bresp,
            &t.m_axi_y_bvalid,
            &t.m_axi_y_bready};
}

} // namespace

Machine::Machine(const MachineConfig &config, uint64_t memory_bytes)
    : machine_config_(config), top_([&] {
          context_.randReset(2);
          context_.randSeed(static_cast<int>(config.axi.seed % 0x7FFFFFFF) + 1);
          context_.traceEverOn(!config.trace.empty());
          return std::make_unique<Vdsoc>(&context_);
      }()),
      memory_(kMemoryBus, memory_bytes, config.axi.seed), x_("m_axi_x_", read_signals(*top_, 'x'), config.axi, 10),
      k_("m_axi_k_", read_signals(*top_, 'k'), config.axi, 20),
      o_("m_axi_o_", read_signals(*top_, 'o'), config.axi, 30), y_("m_axi_y_", write_signals(*top_), config.axi, 40),
      lite_stall_(config.axi.stall_prob, config.axi.seed + 50) {
#if VM_TRACE
    if (!config.trace.empty()) {
        trace_ = std::make_unique<VerilatedFstC>();
        top_->trace(trace_.get(), 99);
        trace_->open(config.trace.c_str());
    }
#endif
    reset();
}

Machine::~Machine() {
    top_->final();
#if VM_TRACE
    if (trace_) {
        trace_->close();
    }
#endif
}

void Machine::reset() {
    top_->s_axil_awvalid = top_->s_axil_wvalid = top_->s_axil_arvalid = 0;
    top_->s_axil_bready = top_->s_axil_rready = 0;
    top_->s_axil_awaddr = top_->s_axil_araddr = 0;
    top_->s_axil_wdata = 0;
    top_->s_axil_wstrb = 0;
    top_->clk_i = 0;
    top_->rst_ni = 1;
    top_->eval(); // a falling edge for asynchronous resets
    top_->rst_ni = 0;
    for (int i = 0; i < kResetClocks; i++) {
        top_->clk_i = 0;
        top_->eval();
        context_.timeInc(1);
        top_->clk_i = 1;
        top_->eval();
    }
    top_->clk_i = 0;
    top_->rst_ni = 1;
    top_->eval();
    top_->clk_i = 1; // the first edge at which a master may raise VALID
    top_->eval();
    top_->clk_i = 0;
    top_->eval();
}

void Machine::step() {
    x_.drive(clock_);
    k_.drive(clock_);
    o_.drive(clock_);
    y_.drive(clock_, memory_);
    top_->clk_i = 0;
    top_->eval();
#if VM_TRACE
    if (trace_) {
        trace_->dump(2 * clock_);
    }
#endif
    sample();
    context_.timeInc(1);
    top_->clk_i = 1;
    top_->eval();
#if VM_TRACE
    if (trace_) {
        trace_->dump(2 * clock_ + 1);
    }
#endif
    x_.advance();
    k_.advance();
    o_.advance();
    y_.advance();
    clock_++;
    on_clock();
}

// Takes everything that happens at the coming rising edge.
void Machine::sample() {
    const auto told = [this](char port) {
        return [this, port](uint64_t address, uint64_t bytes) { on_burst(port, address, bytes); };
    };
    bool active = x_.sample(clock_, memory_, told('x'));
    active |= k_.sample(clock_, memory_, told('k'));
    active |= o_.sample(clock_, memory_, told('o'));
    active |= y_.sample(clock_, memory_, told('y'));
    if (x_.failed || k_.failed || o_.failed || y_.failed) {
        stop_from(clock_ + kStopAfterError);
    }
    aw_fired_ = top_->s_axil_awvalid && top_->s_axil_awready;
    w_fired_ = top_->s_axil_wvalid && top_->s_axil_wready;
    b_fired_ = top_->s_axil_bvalid && top_->s_axil_bready;
    ar_fired_ = top_->s_axil_arvalid && top_->s_axil_arready;
    r_fired_ = top_->s_axil_rvalid && top_->s_axil_rready;
    r_data_ = top_->s_axil_rdata;
    if (active || top_->op_start_o || top_->op_done_o) {
        last_activity_ = clock_;
    }
    on_sample();
}

// The accelerator must begin nothing on any port from that clock on; kNever: it may again.
void Machine::stop_from(uint64_t clock) {
    for (uint64_t *stop : {&x_.stop_from, &k_.stop_from, &o_.stop_from, &y_.stop_from}) {
        *stop = clock == kNever ? kNever : std::min(*stop, clock);
    }
}

void Machine::check_rest() const {
    if (!x_.idle() || !k_.idle() || !o_.idle() || !y_.quiet()) {
        throw Violation("not busy while transfers are under way");
    }
}

void Machine::pass(uint64_t clocks) {
    for (uint64_t i = 0; i < clocks; i++) {
        step();
    }
}

// Steps until the handshake happened that `fired` reports.
void Machine::step_until(const CData &fired) {
    const uint64_t begin = clock_;
    do {
        step();
        if (clock_ - begin > machine_config_.watchdog) {
            throw Violation("s_axil: no answer within " + std::to_string(machine_config_.watchdog) + " clocks");
        }
    } while (!fired);
}

uint32_t Machine::read32(uint32_t offset) {
    while (lite_stall_()) {
        step();
    }
    top_->s_axil_araddr = static_cast<CData>(offset);
    top_->s_axil_arvalid = 1;
    step_until(ar_fired_);
    top_->s_axil_arvalid = 0;
    while (lite_stall_()) {
        step();
    }
    top_->s_axil_rready = 1;
    step_until(r_fired_);
    top_->s_axil_rready = 0;
    if (offset == DSOC_REG_STATUS && (r_data_ & DSOC_STATUS_BUSY_MASK) == 0) {
        check_rest();
        on_rest();
    }
    return r_data_;
}

void Machine::write32(uint32_t offset, uint32_t value) {
    const bool start = offset == DSOC_REG_CTRL && (value & DSOC_CTRL_START_MASK) != 0;
    top_->s_axil_awaddr = static_cast<CData>(offset);
    top_->s_axil_wdata = value;
    top_->s_axil_wstrb = 0xF;
    bool address = false, data = false;
    const uint64_t begin = clock_;
    while (!address || !data) {
        top_->s_axil_awvalid = !address && (top_->s_axil_awvalid || !lite_stall_());
        top_->s_axil_wvalid = !data && (top_->s_axil_wvalid || !lite_stall_());
        if (start && (address || top_->s_axil_awvalid) && (data || top_->s_axil_wvalid)) {
            stop_from(kNever);
            on_start();
        }
        step();
        address = address || aw_fired_;
        data = data || w_fired_;
        if (clock_ - begin > machine_config_.watchdog) {
            throw Violation("s_axil: write not taken within " + std::to_string(machine_config_.watchdog) + " clocks");
        }
    }
    top_->s_axil_awvalid = top_->s_axil_wvalid = 0;
    const bool reset = offset == DSOC_REG_CTRL && (value & DSOC_CTRL_SOFT_RESET_MASK) != 0;
    if (reset) {
        stop_from(clock_ - 1 + kStopAfterReset);
    }
    while (lite_stall_()) {
        step();
    }
    top_->s_axil_bready = 1;
    step_until(b_fired_);
    top_->s_axil_bready = 0;
    if (reset) {
        on_soft_reset(); // until here an operation may still have ended
    }
}

int Machine::wait_irq(uint32_t ticks) {
    const uint64_t begin = clock_;
    while (!top_->irq_o) {
        if (clock_ - last_activity_ > machine_config_.watchdog) {
            hung_ = true;
            return 1;
        }
        if (ticks != 0 && clock_ - begin >= ticks) {
            return 0;
        }
        step();
    }
    return 0;
}
