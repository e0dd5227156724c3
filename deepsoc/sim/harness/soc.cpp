#include "soc.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "dsoc_map.h"
#include "dsoc_port_sim.h"

namespace {

constexpr int kResetClocks = 8;
constexpr uint64_t kProgressMask = 0xFFF; // clocks between looks at the time
constexpr std::chrono::milliseconds kProgressPeriod{100};

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

Soc &soc_of(void *sim) {
    return *static_cast<Soc *>(sim);
}

} // namespace

Soc::Soc(const SocConfig &config, const dsoc_model_t &model)
    : config_(config), model_(model), top_([&] {
          context_.randReset(2);
          context_.randSeed(static_cast<int>(config.axi.seed % 0x7FFFFFFF) + 1);
          context_.traceEverOn(!config.trace.empty());
          return std::make_unique<Vdsoc>(&context_);
      }()),
      memory_(kArenaBus, model.arena_bytes, config.axi.seed),
      cpu_arena_(random_bytes(model.arena_bytes, ~config.axi.seed)),
      x_("m_axi_x_", read_signals(*top_, 'x'), config.axi, 10),
      k_("m_axi_k_", read_signals(*top_, 'k'), config.axi, 20),
      o_("m_axi_o_", read_signals(*top_, 'o'), config.axi, 30), y_("m_axi_y_", write_signals(*top_), config.axi, 40),
      lite_stall_(config.axi.stall_prob, config.axi.seed + 50), records_(model.n_ops),
      snapshots_(std::fopen(config.snapshots.c_str(), "wb")) {
    if (snapshots_ == nullptr) {
        throw std::runtime_error("cannot write " + config.snapshots);
    }
    for (uint32_t i = 0; i < model.n_ops; i++) {
        const uint32_t *words = model.descriptors + size_t{i} * DSOC_DESCRIPTOR_WORDS;
        if (words[DSOC_D_K_BEATS_WORD] != 0) {
            weights_at_.emplace_back(kArenaBus + words[DSOC_D_K_ADDR_WORD], i);
        }
    }
    std::sort(weights_at_.begin(), weights_at_.end());
#if VM_TRACE
    if (!config.trace.empty()) {
        trace_ = std::make_unique<VerilatedFstC>();
        top_->trace(trace_.get(), 99);
        trace_->open(config.trace.c_str());
    }
#endif
    reset();
}

Soc::~Soc() {
    top_->final();
#if VM_TRACE
    if (trace_) {
        trace_->close();
    }
#endif
    std::fclose(snapshots_);
}

void Soc::reset() {
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
        top_->clk_i = 1;
        top_->eval();
    }
    top_->clk_i = 0;
    top_->rst_ni = 1;
    top_->eval();
}

void Soc::step() {
    x_.drive(clock_, memory_);
    k_.drive(clock_, memory_);
    o_.drive(clock_, memory_);
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
    if ((clock_ & kProgressMask) == 0) {
        report_progress();
    }
}

// Takes everything that happens at the coming rising edge.
void Soc::sample() {
    const size_t now = std::min(done_count_, records_.size() - 1);
    bool active = x_.sample(clock_, memory_, [&](uint64_t, uint64_t bytes) { records_[now].x_bytes += bytes; });
    active |= k_.sample(clock_, memory_, [&](uint64_t at, uint64_t bytes) { owner_of(at).k_bytes += bytes; });
    active |= o_.sample(clock_, memory_, [&](uint64_t, uint64_t bytes) { records_[now].o_bytes += bytes; });
    active |= y_.sample(clock_, memory_, [&](uint64_t, uint64_t bytes) { records_[now].y_bytes += bytes; });
    aw_fired_ = top_->s_axil_awvalid && top_->s_axil_awready;
    w_fired_ = top_->s_axil_wvalid && top_->s_axil_wready;
    b_fired_ = top_->s_axil_bvalid && top_->s_axil_bready;
    ar_fired_ = top_->s_axil_arvalid && top_->s_axil_arready;
    r_fired_ = top_->s_axil_rvalid && top_->s_axil_rready;
    r_data_ = top_->s_axil_rdata;
    if (top_->op_done_o) {
        operation_done();
    }
    if (active || top_->op_start_o || top_->op_done_o) {
        last_activity_ = clock_;
    }
}

// Weights and descriptors are fetched ahead: their bytes belong to the operation that needs them.
OperationRecord &Soc::owner_of(uint64_t address) {
    const uint64_t table = kArenaBus + model_.desc_offset;
    if (address >= table && address < table + uint64_t{model_.n_ops} * 4 * DSOC_DESCRIPTOR_WORDS) {
        return records_[(address - table) / (4 * DSOC_DESCRIPTOR_WORDS)];
    }
    const auto after = std::upper_bound(weights_at_.begin(), weights_at_.end(), std::make_pair(address, SIZE_MAX));
    if (after == weights_at_.begin()) {
        throw Violation("m_axi_k_ar: " + hex(address) + " holds neither descriptors nor weights");
    }
    return records_[std::prev(after)->second];
}

void Soc::operation_done() {
    if (!running_ || done_count_ >= records_.size() || top_->op_index_o != done_count_) {
        throw Violation("op_done_o with op_index_o " + std::to_string(top_->op_index_o) + " after " +
                        std::to_string(done_count_) + " operations");
    }
    if (!y_.idle()) {
        throw Violation("op_done_o of operation " + std::to_string(done_count_) +
                        " before all its writes were acknowledged");
    }
    const Region &region = config_.outputs.at(done_count_);
    std::fwrite(memory_.data.data() + region.offset, 1, region.bytes, snapshots_);
    last_done_ = clock_;
    records_[done_count_].done = clock_ - start_clock_;
    done_count_++;
    if (done_count_ < records_.size()) {
        begin_operation(done_count_);
    } else {
        running_ = false;
        ended_at_ = std::chrono::steady_clock::now();
    }
}

void Soc::begin_operation(size_t index) {
    const Region &region = config_.outputs.at(index);
    y_.allowed_begin = kArenaBus + region.offset;
    y_.allowed_end = y_.allowed_begin + region.bytes;
    records_[index].start = clock_ - start_clock_;
    for (const Fault &fault : config_.faults) {
        if (!is_port_fault(fault) || static_cast<size_t>(std::max(fault.operation, 0)) != index) {
            continue;
        }
        if (fault.name == "drop-beat") {
            y_.drop_beat = true;
        } else if (fault.name == "repeat-beat") {
            x_.repeat_beat = true;
        } else if (fault.name == "read-error") {
            x_.error_response = true;
        } else if (fault.name == "write-error") {
            y_.error_response = true;
        } else {
            y_.lose_answer = true;
        }
        faults_applied_.push_back(fault.name + " in operation " + std::to_string(index));
    }
}

// Called at the clock in which CTRL.start is written.
void Soc::start_run() {
    for (const Fault &fault : config_.faults) {
        if (!is_port_fault(fault)) {
            faults_applied_.push_back(apply_memory_fault(fault, model_, kBeatBytes, memory_));
        }
    }
    running_ = true;
    done_count_ = 0;
    start_clock_ = last_activity_ = clock_;
    started_at_ = told_at_ = ended_at_ = std::chrono::steady_clock::now();
    begin_operation(0);
}

double Soc::run_seconds() const {
    return std::chrono::duration<double>(ended_at_ - started_at_).count();
}

void Soc::report_progress() {
    const auto now = std::chrono::steady_clock::now();
    if (running_ && now - told_at_ >= kProgressPeriod) {
        told_at_ = now;
        std::fprintf(stderr, "{\"clock\": %llu, \"operation\": %zu}\n",
                     static_cast<unsigned long long>(clock_ - start_clock_), done_count_);
    }
}

// Steps until the handshake happened that `fired` reports.
void Soc::step_until(const CData &fired) {
    const uint64_t begin = clock_;
    do {
        step();
        if (clock_ - begin > config_.watchdog) {
            throw Violation("s_axil: no answer within " + std::to_string(config_.watchdog) + " clocks");
        }
    } while (!fired);
}

uint32_t Soc::read32(uint32_t offset) {
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
    return r_data_;
}

void Soc::write32(uint32_t offset, uint32_t value) {
    const bool start = offset == DSOC_REG_CTRL && (value & DSOC_CTRL_START_MASK) != 0;
    top_->s_axil_awaddr = static_cast<CData>(offset);
    top_->s_axil_wdata = value;
    top_->s_axil_wstrb = 0xF;
    bool address = false, data = false;
    const uint64_t begin = clock_;
    while (!address || !data) {
        top_->s_axil_awvalid = !address && (top_->s_axil_awvalid || !lite_stall_());
        top_->s_axil_wvalid = !data && (top_->s_axil_wvalid || !lite_stall_());
        if (start && !running_ && (address || top_->s_axil_awvalid) && (data || top_->s_axil_wvalid)) {
            start_run();
        }
        step();
        address = address || aw_fired_;
        data = data || w_fired_;
        if (clock_ - begin > config_.watchdog) {
            throw Violation("s_axil: write not taken within " + std::to_string(config_.watchdog) + " clocks");
        }
    }
    top_->s_axil_awvalid = top_->s_axil_wvalid = 0;
    while (lite_stall_()) {
        step();
    }
    top_->s_axil_bready = 1;
    step_until(b_fired_);
    top_->s_axil_bready = 0;
}

uint8_t *Soc::memory_at(const void *address, uint32_t bytes) {
    const auto *place = static_cast<const uint8_t *>(address);
    if (place < cpu_arena_.data() || place + bytes > cpu_arena_.data() + cpu_arena_.size()) {
        throw Violation("firmware flushes or invalidates memory outside the arena");
    }
    return memory_.data.data() + (place - cpu_arena_.data());
}

void Soc::flush(const void *address, uint32_t bytes) {
    std::memcpy(memory_at(address, bytes), address, bytes);
}

void Soc::invalidate(const void *address, uint32_t bytes) {
    const uint8_t *source = memory_at(address, bytes);
    std::memcpy(cpu_arena_.data() + (source - memory_.data.data()), source, bytes);
}

int Soc::wait_irq(uint32_t ticks) {
    const uint64_t begin = clock_;
    while (!top_->irq_o) {
        if (clock_ - last_activity_ > config_.watchdog) {
            hung_ = true;
            return 1;
        }
        if (ticks != DSOC_WAIT_FOREVER && clock_ - begin >= ticks) {
            return 0;
        }
        step();
    }
    return 0;
}

extern "C" {

uint32_t dsoc_sim_read32(void *sim, uint32_t offset) {
    return soc_of(sim).read32(offset);
}

void dsoc_sim_write32(void *sim, uint32_t offset, uint32_t value) {
    soc_of(sim).write32(offset, value);
}

void dsoc_sim_flush(void *sim, const void *address, uint32_t bytes) {
    soc_of(sim).flush(address, bytes);
}

void dsoc_sim_invalidate(void *sim, const void *address, uint32_t bytes) {
    soc_of(sim).invalidate(address, bytes);
}

uint32_t dsoc_sim_ticks(void *sim) {
    return static_cast<uint32_t>(soc_of(sim).clock());
}

int dsoc_sim_wait_irq(void *sim, uint32_t ticks) {
    return soc_of(sim).wait_irq(ticks);
}
}
