#include "system.h"

#include <algorithm>
#include <cstdio>

#include "Vdsoc___024root.h"
#include "dsoc_map.h"

// Signals inside the design: soc.vlt makes them public.
#define SOC(name) (top_->rootp->dsoc_soc__DOT__##name)

namespace {

constexpr int kResetClocks = 8;
constexpr uint64_t kLookMask = 0xFF;      // clocks between looks at the text
constexpr uint64_t kProgressMask = 0xFFF; // clocks between looks at the time
constexpr std::chrono::milliseconds kProgressPeriod{100};
const char kGreeting[] = "deepsoc boot\n";

ReadPort<kBeatBytes>::Signals read_signals(Vdsoc &t) {
    return {{&t.m_axi_mem_araddr, &t.m_axi_mem_arlen, &t.m_axi_mem_arsize, &t.m_axi_mem_arburst, &t.m_axi_mem_arvalid,
             &t.m_axi_mem_arready},
            &t.m_axi_mem_rdata,
            &t.m_axi_mem_rresp,
            &t.m_axi_mem_rlast,
            &t.m_axi_mem_rvalid,
            &t.m_axi_mem_rready};
}

WritePort<kBeatBytes>::Signals write_signals(Vdsoc &t) {
    return {{&t.m_axi_mem_awaddr, &t.m_axi_mem_awlen, &t.m_axi_mem_awsize, &t.m_axi_mem_awburst, &t.m_axi_mem_awvalid,
             &t.m_axi_mem_awready},
            &t.m_axi_mem_wdata,
            &t.m_axi_mem_wstrb,
            &t.m_axi_mem_wlast,
            &t.m_axi_mem_wvalid,
            &t.m_axi_mem_wready,
            &t.m_axi_mem_bresp,
            &t.m_axi_mem_bvalid,
            &t.m_axi_mem_bready};
}

} // namespace

System::System(const SystemConfig &config)
    : config_(config), top_([&] {
          context_.randReset(2);
          context_.randSeed(static_cast<int>(config.axi.seed % 0x7FFFFFFF) + 1);
          context_.traceEverOn(!config.trace.empty());
          return std::make_unique<Vdsoc>(&context_);
      }()),
      memory_(config.memory_bus, config.memory_bytes, config.axi.seed),
      read_("m_axi_mem_", read_signals(*top_), config.axi, 10),
      write_("m_axi_mem_", write_signals(*top_), config.axi, 20), serial_(config.divider, config.serial),
      records_(config.outputs.size()) {
    write_.allowed_begin = config.memory_bus;
    write_.allowed_end = config.memory_bus + config.memory_bytes;
    for (size_t i = 0; i < config.weights.size(); i++) {
        if (config.weights[i] != ~uint64_t{0}) {
            weights_at_.emplace_back(config.memory_bus + config.weights[i], i);
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

System::~System() {
    top_->final();
#if VM_TRACE
    if (trace_) {
        trace_->close();
    }
#endif
}

void System::reset() {
    top_->uart_rx_i = 1;
    top_->memory_bytes_i = static_cast<IData>(config_.memory_bytes);
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
}

void System::step() {
    read_.drive(clock_);
    write_.drive(clock_, memory_);
    top_->clk_i = 0;
    top_->eval();
#if VM_TRACE
    if (trace_) {
        trace_->dump(2 * clock_);
    }
#endif
    const auto ignored = [](uint64_t, uint64_t) {};
    active_ = read_.sample(clock_, memory_, ignored);
    active_ |= write_.sample(clock_, memory_, ignored);
    watch();
    const bool line = top_->uart_tx_o;
    active_ |= line != line_ || serial_.sending();
    line_ = line;
    const bool level = serial_.clock(line, serial_.text().size() >= sizeof kGreeting - 1);
    context_.timeInc(1);
    top_->clk_i = 1;
    top_->eval();
#if VM_TRACE
    if (trace_) {
        trace_->dump(2 * clock_ + 1);
    }
#endif
    top_->uart_rx_i = level;
    read_.advance();
    write_.advance();
    if (active_) {
        last_activity_ = clock_;
    }
    clock_++;
}

// Takes what the accelerator does at the coming rising edge.
void System::watch() {
    if (SOC(i_accelerator__DOT__i_core__DOT__start)) {
        running_ = true;
        done_count_ = 0;
        start_clock_ = last_done_ = clock_;
        records_.assign(records_.size(), {});
    }
    if (!running_) {
        return;
    }
    OperationRecord &now = records_[std::min(done_count_, records_.size() - 1)];
    if (SOC(x_arvalid) && SOC(x_arready)) {
        const bool weights = is_weights(SOC(x_araddr));
        (weights ? owner_of(SOC(x_araddr)).k_bytes : now.x_bytes) += kBeatBytes * (SOC(x_arlen) + 1u);
    }
    if (SOC(k_arvalid) && SOC(k_arready)) {
        owner_of(SOC(k_araddr)).k_bytes += kBeatBytes * (SOC(k_arlen) + 1u);
    }
    if (SOC(o_arvalid) && SOC(o_arready)) {
        const bool weights = is_weights(SOC(o_araddr));
        (weights ? owner_of(SOC(o_araddr)).k_bytes : now.o_bytes) += kBeatBytes * (SOC(o_arlen) + 1u);
    }
    if (SOC(y_awvalid) && SOC(y_awready)) {
        now.y_bytes += kBeatBytes * (SOC(y_awlen) + 1u);
    }
    if (top_->op_done_o) {
        operation_done();
    }
}

// Weights and descriptors are fetched ahead: their bytes belong to the operation that needs them.
OperationRecord &System::owner_of(uint64_t address) {
    const uint64_t table = config_.memory_bus, size = 4 * DSOC_DESCRIPTOR_WORDS;
    if (address < table + records_.size() * size) {
        return records_[(address - table) / size];
    }
    const auto after = std::upper_bound(weights_at_.begin(), weights_at_.end(), std::make_pair(address, SIZE_MAX));
    if (after == weights_at_.begin()) {
        throw Violation("k_ar: " + hex(address) + " holds neither descriptors nor weights");
    }
    return records_[std::prev(after)->second];
}

// Those of any port: words wider than a beat come by more of them.
bool System::is_weights(uint64_t address) const {
    return !weights_at_.empty() && address >= weights_at_.front().first &&
           address < config_.memory_bus + config_.weights_end;
}

void System::operation_done() {
    if (done_count_ >= records_.size() || top_->op_index_o != done_count_) {
        throw Violation("op_done_o with op_index_o " + std::to_string(top_->op_index_o) + " after " +
                        std::to_string(done_count_) + " operations");
    }
    const Region &region = config_.outputs[done_count_];
    config_.on_output(memory_.data.data() + region.offset, region.bytes);
    last_done_ = clock_;
    records_[done_count_].done = clock_ - start_clock_;
    done_count_++;
    if (done_count_ < records_.size()) {
        records_[done_count_].start = clock_ - start_clock_;
    } else {
        running_ = false;
    }
}

uint32_t System::program_counter() const {
    return SOC(i_cpu__DOT__u_ibex_core__DOT__pc_id);
}

// Whether a line that ends the run is complete.
bool System::finished() {
    const std::string &text = serial_.text();
    for (size_t end = text.find('\n', looked_); end != std::string::npos; end = text.find('\n', looked_)) {
        const bool last = text.compare(looked_, 4, "end ") == 0 || text.compare(looked_, 5, "trap ") == 0;
        looked_ = end + 1;
        if (last) {
            return true;
        }
    }
    return false;
}

bool System::run() {
    const auto begin = told_at_ = std::chrono::steady_clock::now();
    bool over = false, hangs = false;
    while (!over && !hangs) {
        step();
        over = (clock_ & kLookMask) == 0 && finished();
        hangs = clock_ - last_activity_ > config_.watchdog || clock_ > config_.limit;
        if ((clock_ & kProgressMask) == 0) {
            report_progress();
        }
    }
    seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return over;
}

void System::report_progress() {
    const auto now = std::chrono::steady_clock::now();
    if (running_ && now - told_at_ >= kProgressPeriod) {
        told_at_ = now;
        std::fprintf(stderr, "{\"clock\": %llu, \"operation\": %zu}\n",
                     static_cast<unsigned long long>(clock_ - start_clock_), done_count_);
    }
}
