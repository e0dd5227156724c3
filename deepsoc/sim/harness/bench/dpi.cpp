// The firmware and the memory behind the SystemVerilog testbench (rtl/tb): functions that any simulator calls by DPI-C.
//
// The firmware runs in a thread of its own; it waits while the simulator runs and the other way round, so that nothing
// is touched by both. No function of the simulator is called from here. Types are those of svdpi.h, which is not
// included: a plain C++ compiler builds this into a shared library without any simulator at hand.
//
// The job is a file of lines "key value": the options of the C++ harness (main.cpp) and `patience-s`, seconds of the
// machine for the firmware to ask for its next register access.

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "counters.h"
#include "dsoc_map.h"
#include "dsoc_port_sim.h"
#include "memory.h"

extern "C" const dsoc_model_t *dsoc_sim_model(void);

namespace {

constexpr uint64_t kArenaBus = 0x1234000000u;

struct Region {
    uint64_t offset, bytes;
};

// What was measured of one operation. Clocks count from the start of the run.
struct OperationRecord {
    uint64_t start = 0, done = 0;
    uint64_t x_bytes = 0, k_bytes = 0, o_bytes = 0, y_bytes = 0;
};

enum class Command { none, read, write, finish, wait_irq }; // the first four as in dsoc_tb_pkg

struct Job {
    std::map<std::string, std::string> options;
    std::vector<Region> outputs;

    explicit Job(const std::string &path) {
        std::ifstream file(path);
        for (std::string line; std::getline(file, line);) {
            const size_t blank = line.find(' ');
            options[line.substr(0, blank)] = blank == std::string::npos ? "" : line.substr(blank + 1);
        }
        std::ifstream regions(at("outputs"));
        for (Region region; regions >> region.offset >> region.bytes;) {
            outputs.push_back(region);
        }
    }

    const std::string &at(const std::string &key) const {
        const auto found = options.find(key);
        if (found == options.end()) {
            throw std::runtime_error("the job lacks " + key);
        }
        return found->second;
    }
    uint64_t number(const std::string &key) const { return std::stoull(at(key)); }
};

std::vector<uint8_t> read_file(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw std::runtime_error("cannot read " + path);
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

struct Ended {}; // thrown through the firmware when the run is over

class Bench {
public:
    explicit Bench(const std::string &path)
        : job(path), model(*dsoc_sim_model()), memory(kArenaBus, model.arena_bytes, job.number("seed")),
          cpu_arena(random_bytes(model.arena_bytes, ~job.number("seed"))), records(model.n_ops),
          watchdog(job.number("watchdog")), snapshots(job.at("out") + "/snapshots.bin", std::ios::binary) {
        if (job.outputs.size() != model.n_ops) {
            throw std::runtime_error("outputs does not name every operation");
        }
        for (uint32_t i = 0; i < model.n_ops; i++) {
            const uint32_t *words = model.descriptors + size_t{i} * DSOC_DESCRIPTOR_WORDS;
            if (words[DSOC_D_K_BEATS_WORD] != 0) {
                weights_at.emplace_back(words[DSOC_D_K_ADDR_WORD], i);
            }
            if (words[DSOC_D_LOAD_BEATS_WORD] != 0) {
                weights_at.emplace_back(words[DSOC_D_LOAD_ADDR_WORD], i);
            }
        }
        std::sort(weights_at.begin(), weights_at.end());
        std::thread([this] { firmware(); }).detach();
    }

    // ---- of the simulator's thread
    // The register port is at rest: what it does next. The last command, if there was one, has this answer.
    Command command(bool irq, uint32_t given_answer, unsigned *offset, unsigned *value) {
        std::unique_lock<std::mutex> lock(mutex);
        if (given != Command::none) {
            given = Command::none;
            check_rest(given_answer);
            deliver(given_answer);
        }
        while (next_request(lock)) {
            if (asked != Command::wait_irq) {
                given = asked;
                *offset = asked_offset;
                *value = asked_value;
                return asked;
            }
            hung = !irq && stands_still();
            if (!irq && !hung && (wait_ticks == 0 || clock - wait_begin < wait_ticks)) {
                return Command::none;
            }
            deliver(0);
        }
        finish();
        return Command::finish;
    }

    void tick(unsigned idle_ports, bool active, bool op_done, unsigned op_index) {
        idle = idle_ports;
        if (active || op_done) {
            last_activity = clock;
        }
        if (op_done) {
            operation_done(op_index);
        }
        clock++;
        if ((clock & 0xFFF) == 0 && running) {
            std::printf("{\"clock\": %llu, \"operation\": %zu}\n", static_cast<unsigned long long>(clock - start_clock),
                        done);
            std::fflush(stdout);
        }
    }

    void start() {
        if (running) {
            return;
        }
        running = true;
        done = 0;
        start_clock = last_activity = clock;
        started_at = ended_at = std::chrono::steady_clock::now();
    }

    void burst(unsigned port, uint64_t address, uint64_t bytes) {
        if (address < kArenaBus || address + bytes > kArenaBus + memory.data.size()) {
            fail("burst at " + hex(address) + " leaves the arena");
            return;
        }
        const uint64_t offset = address - kArenaBus;
        if (port == 1 || (port != 3 && offset - model.weights_offset < model.weights_bytes)) {
            owner_of(offset).k_bytes += bytes;
            return;
        }
        OperationRecord &now = records[std::min(done, records.size() - 1)];
        switch (port) {
        case 0:
            now.x_bytes += bytes;
            break;
        case 2:
            now.o_bytes += bytes;
            break;
        default:
            now.y_bytes += bytes;
        }
    }

    void write(uint64_t address, uint32_t data, unsigned strobes) {
        const Region &region = job.outputs[std::min(done, job.outputs.size() - 1)];
        for (unsigned i = 0; i < 4; i++) {
            if (strobes >> i & 1) {
                const uint64_t offset = address + i - kArenaBus;
                if (offset < region.offset || offset >= region.offset + region.bytes) {
                    fail("m_axi_y_w: byte at " + hex(address + i) + " lies outside the operation's output");
                    return;
                }
                memory.data[offset] = static_cast<uint8_t>(data >> (8 * i));
            }
        }
    }

    void fail(const std::string &words) {
        if (violation.empty()) {
            violation = words;
        }
    }

    Memory &dram() { return memory; }

    // ---- of the firmware's thread
    uint32_t ask(Command what, uint32_t offset, uint32_t value) {
        std::unique_lock<std::mutex> lock(mutex);
        asked = what;
        asked_offset = offset;
        asked_value = value;
        waiting = true;
        turn.notify_all();
        turn.wait(lock, [this] { return !waiting || over; });
        if (over) {
            throw Ended{};
        }
        return answer;
    }

    int wait_irq(uint32_t ticks) {
        wait_ticks = ticks;
        wait_begin = clock;
        ask(Command::wait_irq, 0, 0);
        return hung;
    }

    uint8_t *place(const void *address, uint32_t bytes) {
        const auto *begin = static_cast<const uint8_t *>(address);
        if (begin < cpu_arena.data() || begin + bytes > cpu_arena.data() + cpu_arena.size()) {
            fail("firmware flushes or invalidates memory outside the arena");
            throw Ended{};
        }
        return memory.data.data() + (begin - cpu_arena.data());
    }

    uint64_t ticks() const { return clock; }
    uint8_t *arena() { return cpu_arena.data(); }

private:
    void firmware() {
        try {
            const std::vector<uint8_t> weights = read_file(job.at("weights")), input = read_file(job.at("input"));
            std::vector<int32_t> output(dsoc_output_count(&model));
            std::vector<float> probabilities(output.size());
            dsoc_sim_job_t run{};
            run.model = &model;
            run.arena = cpu_arena.data();
            run.arena_bus = kArenaBus;
            run.weights = weights.data();
            run.weights_bytes = static_cast<uint32_t>(weights.size());
            run.input = reinterpret_cast<const int8_t *>(input.data());
            run.input_bytes = static_cast<uint32_t>(input.size());
            run.output = output.data();
            run.probabilities = probabilities.data();
            run.performance = performance.data();
            const dsoc_status_t status = dsoc_sim_firmware(this, &run, &info);
            if (status != DSOC_OK) {
                failure = dsoc_status_string(status);
            } else {
                write_file(job.at("out") + "/output.bin", output.data(), 4 * output.size());
                if (model.softmax) {
                    write_file(job.at("out") + "/probabilities.bin", probabilities.data(), 4 * probabilities.size());
                }
            }
        } catch (const Ended &) {
            return;
        } catch (const std::exception &error) {
            fail(error.what());
        }
        const std::lock_guard<std::mutex> lock(mutex);
        ended = true;
        turn.notify_all();
    }

    static void write_file(const std::string &path, const void *data, size_t bytes) {
        std::ofstream file(path, std::ios::binary);
        file.write(static_cast<const char *>(data), static_cast<std::streamsize>(bytes));
        if (!file.flush()) {
            throw std::runtime_error("cannot write " + path);
        }
    }

    bool stands_still() const { return clock - last_activity > watchdog; }

    void deliver(uint32_t value) {
        answer = value;
        waiting = false;
        turn.notify_all();
    }

    // Waits for the firmware's next request; false: the run is over.
    bool next_request(std::unique_lock<std::mutex> &lock) {
        if (!hung && asked != Command::wait_irq && stands_still()) {
            fail("no transfer for " + std::to_string(watchdog) + " clocks, and the firmware asks again and again");
        }
        if (violation.empty()) {
            const std::chrono::duration<double> patience(std::stod(job.at("patience-s")));
            if (!turn.wait_for(lock, patience, [this] { return waiting || ended; })) {
                fail("the firmware hangs: it touches no register within " + job.at("patience-s") + " s");
            }
        }
        return violation.empty() && !ended;
    }

    // What STATUS says must be so: nothing is under way if the accelerator is not busy.
    void check_rest(uint32_t status) {
        if (asked == Command::read && asked_offset == DSOC_REG_STATUS && (status & DSOC_STATUS_BUSY_MASK) == 0) {
            if (idle != 0xF) {
                fail("not busy while transfers are under way");
            }
            running = false;
        }
    }

    OperationRecord &owner_of(uint64_t offset) {
        const uint64_t table = uint64_t{model.n_ops} * 4 * DSOC_DESCRIPTOR_WORDS;
        if (offset - model.desc_offset < table) {
            return records[(offset - model.desc_offset) / (4 * DSOC_DESCRIPTOR_WORDS)];
        }
        const auto after = std::upper_bound(weights_at.begin(), weights_at.end(), std::make_pair(offset, SIZE_MAX));
        if (after == weights_at.begin()) {
            fail("m_axi_k_ar: offset " + hex(offset) + " holds neither descriptors nor weights");
            return records[0];
        }
        return records[std::prev(after)->second];
    }

    void operation_done(unsigned op_index) {
        if (!running || done >= records.size() || op_index != done) {
            fail("op_done_o with op_index_o " + std::to_string(op_index) + " after " + std::to_string(done) +
                 " operations");
            return;
        }
        if ((idle & 8) == 0) {
            fail("op_done_o of operation " + std::to_string(done) + " before all its writes were acknowledged");
            return;
        }
        const Region &region = job.outputs[done];
        snapshots.write(reinterpret_cast<const char *>(memory.data.data() + region.offset),
                        static_cast<std::streamsize>(region.bytes));
        records[done].done = clock - start_clock;
        done++;
        ended_at = std::chrono::steady_clock::now();
        if (done < records.size()) {
            records[done].start = clock - start_clock;
        } else {
            running = false;
        }
    }

    void finish() {
        over = true;
        turn.notify_all();
        std::string status = "ok", message;
        size_t operation = info.op_index;
        if (!violation.empty()) {
            status = "violation";
            message = violation;
            operation = done;
        } else if (!failure.empty()) {
            status = "firmware";
            message = failure + (hung ? ": no transfer for " + std::to_string(watchdog) + " clocks" : "");
        }
        snapshots.flush();
        std::ofstream file(job.at("out") + "/result.json");
        file << "{\"status\": \"" << status << "\", \"message\": \"" << message << "\", \"operation\": " << operation
             << ", \"clocks\": " << (done ? records[done - 1].done : 0) << ", \"clocks_register\": " << info.clocks
             << ", \"done\": " << done
             << ", \"run_s\": " << std::chrono::duration<double>(ended_at - started_at).count()
             << ", \"faults\": [], \"operations\": [";
        const char *comma = "";
        for (const OperationRecord &record : records) {
            file << comma << "{\"start\": " << record.start << ", \"done\": " << record.done
                 << ", \"x\": " << record.x_bytes << ", \"k\": " << record.k_bytes << ", \"o\": " << record.o_bytes
                 << ", \"y\": " << record.y_bytes << ", \"counters\": ";
            write_counters(file, performance[static_cast<size_t>(&record - records.data())]);
            file << "}";
            comma = ",\n";
        }
        file << "]}\n";
    }

    Job job;
    const dsoc_model_t &model;
    Memory memory;
    std::vector<uint8_t> cpu_arena;
    std::vector<OperationRecord> records;
    std::vector<std::pair<uint64_t, size_t>> weights_at; // arena offset where an operation's weights begin, sorted
    uint64_t watchdog;
    std::ofstream snapshots;

    std::mutex mutex;
    std::condition_variable turn;
    bool waiting = false;          // the firmware, for an answer
    bool ended = false;            // the firmware
    bool over = false;             // the run
    Command asked = Command::none; // by the firmware, and
    Command given = Command::none; // to the simulator
    uint32_t asked_offset = 0, asked_value = 0, answer = 0, wait_ticks = 0;
    uint64_t wait_begin = 0;

    uint64_t clock = 0, start_clock = 0, last_activity = 0;
    bool running = false, hung = false;
    size_t done = 0;
    unsigned idle = 0xF;
    std::string violation, failure;
    dsoc_info_t info{};
    std::vector<dsoc_performance_t> performance =
        std::vector<dsoc_performance_t>(model.n_ops); // by operation; no clocks: not known
    std::chrono::steady_clock::time_point started_at, ended_at;
};

Bench *bench = nullptr; // one a simulation; lives as long as the firmware's thread may

Bench &of(void *sim) {
    return *static_cast<Bench *>(sim);
}

} // namespace

extern "C" {

int dsoc_tb_open(const char *job, uint64_t *threshold, uint64_t *seed, unsigned *latency, unsigned *max_burst) {
    try {
        const Job options(job);
        *threshold = static_cast<uint64_t>(std::stod(options.at("stall-prob")) * 4294967296.0);
        *seed = options.number("seed");
        *latency = static_cast<unsigned>(options.number("mem-latency"));
        *max_burst = static_cast<unsigned>(options.number("max-burst"));
        bench = new Bench(job);
        return 0;
    } catch (const std::exception &error) {
        std::printf("dsoc_tb: %s\n", error.what());
        return 1;
    }
}

void dsoc_tb_clock(unsigned idle, unsigned active, unsigned op_done, unsigned op_index) {
    bench->tick(idle, active != 0, op_done != 0, op_index);
}

int dsoc_tb_command(unsigned irq, unsigned answer, unsigned *offset, unsigned *value) {
    return static_cast<int>(bench->command(irq != 0, answer, offset, value));
}

void dsoc_tb_start(void) {
    bench->start();
}

void dsoc_tb_burst(unsigned port, uint64_t address, unsigned bytes) {
    bench->burst(port, address, bytes);
}

unsigned dsoc_tb_read(uint64_t address) {
    uint32_t word = 0;
    const uint64_t offset = address - kArenaBus;
    const std::vector<uint8_t> &data = bench->dram().data;
    if (offset + 4 <= data.size()) { // a burst outside has failed already
        std::memcpy(&word, data.data() + offset, 4);
    }
    return word;
}

void dsoc_tb_write(uint64_t address, unsigned data, unsigned strobes) {
    bench->write(address, data, strobes);
}

void dsoc_tb_violation(const char *words) {
    bench->fail(words);
}

uint32_t dsoc_sim_read32(void *sim, uint32_t offset) {
    return of(sim).ask(Command::read, offset, 0);
}

void dsoc_sim_write32(void *sim, uint32_t offset, uint32_t value) {
    of(sim).ask(Command::write, offset, value);
}

void dsoc_sim_flush(void *sim, const void *address, uint32_t bytes) {
    std::memcpy(of(sim).place(address, bytes), address, bytes);
}

void dsoc_sim_invalidate(void *sim, const void *address, uint32_t bytes) {
    const uint8_t *source = of(sim).place(address, bytes);
    std::memcpy(of(sim).arena() + (source - of(sim).dram().data.data()), source, bytes);
}

uint32_t dsoc_sim_ticks(void *sim) {
    return static_cast<uint32_t>(of(sim).ticks());
}

int dsoc_sim_wait_irq(void *sim, uint32_t ticks) {
    return of(sim).wait_irq(ticks);
}
}
