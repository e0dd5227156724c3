#include "soc.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "dsoc_map.h"
#include "dsoc_port_sim.h"

namespace {

constexpr uint64_t kProgressMask = 0xFFF; // clocks between looks at the time
constexpr std::chrono::milliseconds kProgressPeriod{100};

Soc &soc_of(void *sim) {
    return *static_cast<Soc *>(sim);
}

} // namespace

Soc::Soc(const SocConfig &config, const dsoc_model_t &model)
    : Machine(config, model.arena_bytes), config_(config), model_(model),
      cpu_arena_(random_bytes(model.arena_bytes, ~config.axi.seed)), faults_(config.faults), records_(model.n_ops) {
    for (uint32_t i = 0; i < model.n_ops; i++) {
        const uint32_t *words = model.descriptors + size_t{i} * DSOC_DESCRIPTOR_WORDS;
        if (words[DSOC_D_K_BEATS_WORD] != 0) {
            weights_at_.emplace_back(kArenaBus + words[DSOC_D_K_ADDR_WORD], i);
        }
        if (words[DSOC_D_LOAD_BEATS_WORD] != 0) {
            weights_at_.emplace_back(kArenaBus + words[DSOC_D_LOAD_ADDR_WORD], i);
        }
    }
    std::sort(weights_at_.begin(), weights_at_.end());
}

void Soc::on_clock() {
    if ((clock_ & kProgressMask) == 0) {
        report_progress();
    }
}

void Soc::on_burst(char port, uint64_t address, uint64_t bytes) {
    const uint64_t weights = kArenaBus + model_.weights_offset;
    if (port == 'k' || (port != 'y' && address - weights < model_.weights_bytes)) {
        owner_of(address).k_bytes += bytes;
        return;
    }
    OperationRecord &now = records_[std::min(done_count_, records_.size() - 1)];
    switch (port) {
    case 'x':
        now.x_bytes += bytes;
        break;
    case 'o':
        now.o_bytes += bytes;
        break;
    default:
        now.y_bytes += bytes;
    }
}

void Soc::on_sample() {
    if (top_->op_done_o) {
        operation_done();
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
    config_.on_output(memory_.data.data() + region.offset, region.bytes);
    last_done_ = clock_;
    records_[done_count_].done = clock_ - start_clock_;
    done_count_++;
    if (done_count_ < records_.size()) {
        begin_operation(done_count_);
    } else {
        running_ = false;
        faults_.clear();
        ended_at_ = std::chrono::steady_clock::now();
    }
}

void Soc::begin_operation(size_t index) {
    const Region &region = config_.outputs.at(index);
    const uint64_t begin = kArenaBus + region.offset, end = begin + region.bytes;
    const bool quiet = y_.quiet(); // if not, writes of a run that was abandoned are still under way
    y_.allowed_begin = quiet ? begin : std::min(begin, y_.allowed_begin);
    y_.allowed_end = quiet ? end : std::max(end, y_.allowed_end);
    records_[index].start = clock_ - start_clock_;
    for (const Fault &fault : faults_) {
        if (is_port_fault(fault) && static_cast<size_t>(std::max(fault.operation, 0)) == index) {
            arm(fault);
            faults_applied_.push_back(fault.name + " in operation " + std::to_string(index));
        }
    }
}

void Soc::arm(const Fault &fault) {
    if (fault.name == "drop-beat") {
        y_.drop_beat.arm(fault.beat);
    } else if (fault.name == "repeat-beat") {
        read_port(fault.port).repeat_beat.arm(fault.beat);
    } else if (fault.name == "read-error") {
        read_port(fault.port).error_response.arm(fault.beat, fault.response);
    } else if (fault.name == "write-error") {
        y_.error_response.arm(fault.beat, fault.response);
    } else {
        y_.lose_answer.arm(fault.beat);
    }
}

// Forgets what an earlier run left: faults that did not come, and counts.
void Soc::disarm() {
    for (ReadPort<kBeatBytes> *port : {&x_, &k_, &o_}) {
        port->error_response.disarm();
        port->repeat_beat.disarm();
        port->beats = 0;
    }
    y_.drop_beat.disarm();
    y_.error_response.disarm();
    y_.lose_answer.disarm();
    y_.answers = 0;
    records_.assign(records_.size(), {});
}

void Soc::on_start() {
    if (running_) {
        return;
    }
    disarm();
    if (done_count_ == records_.size()) {
        earlier_clocks_.push_back(run_clocks());
    }
    for (const Fault &fault : faults_) {
        if (!is_port_fault(fault)) {
            faults_applied_.push_back(apply_memory_fault(fault, model_, {kBeatBytes, config_.axi.max_burst}, memory_));
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
