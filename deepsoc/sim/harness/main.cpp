// Runs one exported network on the Verilated accelerator with the real firmware, and writes what happened.
//
// Options, each with a value: --weights --input --outputs (a file with a line "offset bytes" for each operation) --out
// (folder for result.json, snapshots.bin, output.bin, probabilities.bin) --stall-prob --mem-latency --max-burst --seed
// --watchdog --trace --runs (of the network, all but the last one only for their outputs); --fault may be repeated.

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "counters.h"
#include "dsoc_port_sim.h"
#include "soc.h"

extern "C" const dsoc_model_t *dsoc_sim_model(void);

namespace {

struct Options {
    std::string weights, input, outputs, out;
    uint32_t runs = 1;
    SocConfig soc{};
};

std::vector<uint8_t> read_file(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw std::runtime_error("cannot read " + path);
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const std::string &path, const void *data, size_t bytes) {
    std::ofstream file(path, std::ios::binary);
    file.write(static_cast<const char *>(data), static_cast<std::streamsize>(bytes));
    if (!file.flush()) {
        throw std::runtime_error("cannot write " + path);
    }
}

std::vector<Region> read_regions(const std::string &path) {
    std::ifstream file(path);
    std::vector<Region> regions;
    for (Region region; file >> region.offset >> region.bytes;) {
        regions.push_back(region);
    }
    return regions;
}

void set_option(Options &options, const std::string &key, const std::string &value) {
    SocConfig &soc = options.soc;
    if (key == "--weights") {
        options.weights = value;
    } else if (key == "--input") {
        options.input = value;
    } else if (key == "--outputs") {
        options.outputs = value;
    } else if (key == "--out") {
        options.out = value;
    } else if (key == "--stall-prob") {
        soc.axi.stall_prob = std::stod(value);
    } else if (key == "--mem-latency") {
        soc.axi.latency = static_cast<uint32_t>(std::stoul(value));
    } else if (key == "--max-burst") {
        soc.axi.max_burst = static_cast<uint32_t>(std::stoul(value));
    } else if (key == "--seed") {
        soc.axi.seed = std::stoull(value);
    } else if (key == "--watchdog") {
        soc.watchdog = std::stoull(value);
    } else if (key == "--runs") {
        options.runs = static_cast<uint32_t>(std::stoul(value));
    } else if (key == "--trace") {
        soc.trace = value;
    } else if (key == "--fault") {
        soc.faults.push_back(parse_fault(value));
    } else {
        throw std::invalid_argument("unknown option " + key);
    }
}

Options parse(int argc, char **argv) {
    Options options;
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc) {
            throw std::invalid_argument(std::string(argv[i]) + " needs a value");
        }
        set_option(options, argv[i], argv[i + 1]);
    }
    options.soc.outputs = read_regions(options.outputs);
    return options;
}

std::string quoted(const std::string &text) {
    std::string result = "\"";
    for (const char c : text) {
        char code[8];
        if (c == '"' || c == '\\') {
            result += '\\';
            result += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(c));
            result += code;
        } else {
            result += c;
        }
    }
    return result + '"';
}

struct Outcome {
    std::string status; // "ok", "firmware", "violation" or "error"
    std::string message;
    dsoc_info_t info;
    std::vector<dsoc_performance_t> performance; // by operation; no clocks: not known
};

void write_result(const std::string &path, const Soc &soc, const Outcome &outcome, double wall_s) {
    std::ofstream file(path);
    file << "{\"status\": " << quoted(outcome.status) << ", \"message\": " << quoted(outcome.message)
         << ", \"operation\": " << outcome.info.op_index << ", \"clocks\": " << soc.run_clocks()
         << ", \"clocks_register\": " << outcome.info.clocks << ", \"done\": " << soc.done_count()
         << ", \"run_s\": " << soc.run_seconds() << ", \"wall_s\": " << wall_s << ", \"earlier_clocks\": [";
    const char *comma = "";
    for (const uint64_t clocks : soc.earlier_clocks()) {
        file << comma << clocks;
        comma = ", ";
    }
    file << "], \"faults\": [";
    comma = "";
    for (const std::string &fault : soc.faults_applied()) {
        file << comma << quoted(fault);
        comma = ", ";
    }
    file << "], \"operations\": [";
    comma = "";
    for (const OperationRecord &record : soc.records()) {
        file << comma << "{\"start\": " << record.start << ", \"done\": " << record.done
             << ", \"x\": " << record.x_bytes << ", \"k\": " << record.k_bytes << ", \"o\": " << record.o_bytes
             << ", \"y\": " << record.y_bytes << ", \"counters\": ";
        write_counters(file, outcome.performance[static_cast<size_t>(&record - soc.records().data())]);
        file << "}";
        comma = ",\n";
    }
    file << "]}\n";
    if (!file.flush()) {
        throw std::runtime_error("cannot write " + path);
    }
}

// Runs the firmware; a violation of the simulated machine comes as an exception.
Outcome run_firmware(Soc &soc, const dsoc_model_t &model, const Options &options) {
    const std::vector<uint8_t> weights = read_file(options.weights), input = read_file(options.input);
    std::vector<int32_t> output(dsoc_output_count(&model));
    std::vector<float> probabilities(output.size());
    dsoc_sim_job_t job{};
    job.model = &model;
    job.arena = soc.cpu_arena();
    job.arena_bus = kArenaBus;
    job.weights = weights.data();
    job.weights_bytes = static_cast<uint32_t>(weights.size());
    job.input = reinterpret_cast<const int8_t *>(input.data());
    job.input_bytes = static_cast<uint32_t>(input.size());
    job.runs = options.runs;
    job.output = output.data();
    job.probabilities = probabilities.data();
    Outcome outcome{"ok", "", {}, std::vector<dsoc_performance_t>(model.n_ops)};
    job.performance = outcome.performance.data();
    try {
        const dsoc_status_t status = dsoc_sim_firmware(&soc, &job, &outcome.info);
        if (status != DSOC_OK) {
            outcome.status = "firmware";
            outcome.message = dsoc_status_string(status);
            if (soc.hung()) {
                outcome.message += ": no transfer for " + std::to_string(options.soc.watchdog) + " clocks";
            }
        }
        write_file(options.out + "/output.bin", output.data(), 4 * output.size());
        if (model.softmax) {
            write_file(options.out + "/probabilities.bin", probabilities.data(), 4 * probabilities.size());
        }
    } catch (const Violation &violation) {
        outcome.status = "violation";
        outcome.message = violation.what();
        outcome.info.op_index = static_cast<uint32_t>(soc.done_count());
    }
    return outcome;
}

} // namespace

int main(int argc, char **argv) {
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL); // ends with the program that started it
#endif
    try {
        const auto begin = std::chrono::steady_clock::now();
        Options options = parse(argc, argv);
        std::ofstream snapshots(options.out + "/snapshots.bin", std::ios::binary);
        options.soc.on_output = [&](const uint8_t *data, size_t bytes) {
            snapshots.write(reinterpret_cast<const char *>(data), static_cast<std::streamsize>(bytes));
        };
        const dsoc_model_t &model = *dsoc_sim_model();
        if (options.soc.outputs.size() != model.n_ops) {
            throw std::invalid_argument("--outputs does not name every operation");
        }
        Soc soc(options.soc, model);
        const Outcome outcome = run_firmware(soc, model, options);
        if (!snapshots.flush()) {
            throw std::runtime_error("cannot write the operations' outputs");
        }
        const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
        write_result(options.out + "/result.json", soc, outcome, wall.count());
        return 0;
    } catch (const std::exception &error) {
        std::fprintf(stderr, "{\"error\": %s}\n", quoted(error.what()).c_str());
        return 1;
    }
}
