// Runs the Verilated RISC-V SoC until its program says that it has ended, and writes what happened.
//
// The working folder holds boot.hex and program.hex, what ROM and RAM hold at power-up.
// Options, each with a value: --load (ADDRESS=FILE, repeated: what the memory holds at power-up) --memory (ADDRESS)
// --memory-bytes
// --serial (file of bytes to send to the boot loader) --outputs (a file with a line "offset bytes weights" for each
// operation, weights -1: none) --out (folder for result.json, snapshots.bin, serial.txt) --divider --stall-prob
// --mem-latency --max-burst --seed --watchdog --limit --trace.

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "system.h"

namespace {

struct Options {
    std::string out;
    std::vector<std::pair<uint64_t, std::string>> loads;
    SystemConfig system{};
};

std::vector<uint8_t> read_file(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw std::runtime_error("cannot read " + path);
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

void read_outputs(SystemConfig &system, const std::string &path) {
    std::ifstream file(path);
    long long weights = 0;
    for (Region region; file >> region.offset >> region.bytes >> weights;) {
        system.outputs.push_back(region);
        system.weights.push_back(static_cast<uint64_t>(weights));
    }
}

void set_option(Options &options, const std::string &key, const std::string &value) {
    SystemConfig &system = options.system;
    if (key == "--load") {
        const size_t equals = value.find('=');
        options.loads.emplace_back(std::stoull(value.substr(0, equals)), value.substr(equals + 1));
    } else if (key == "--memory") {
        system.memory_bus = std::stoull(value);
    } else if (key == "--memory-bytes") {
        system.memory_bytes = std::stoull(value);
    } else if (key == "--serial") {
        system.serial = read_file(value);
    } else if (key == "--outputs") {
        read_outputs(system, value);
    } else if (key == "--weights-end") {
        system.weights_end = std::stoull(value);
    } else if (key == "--out") {
        options.out = value;
    } else if (key == "--divider") {
        system.divider = static_cast<uint32_t>(std::stoul(value));
    } else if (key == "--stall-prob") {
        system.axi.stall_prob = std::stod(value);
    } else if (key == "--mem-latency") {
        system.axi.latency = static_cast<uint32_t>(std::stoul(value));
    } else if (key == "--max-burst") {
        system.axi.max_burst = static_cast<uint32_t>(std::stoul(value));
    } else if (key == "--seed") {
        system.axi.seed = std::stoull(value);
    } else if (key == "--watchdog") {
        system.watchdog = std::stoull(value);
    } else if (key == "--limit") {
        system.limit = std::stoull(value);
    } else if (key == "--trace") {
        system.trace = value;
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
    return options;
}

// `status`: "ended", "hangs" or the text of a violation.
void write_result(const std::string &path, const System &system, const std::string &status) {
    std::ofstream file(path);
    file << "{\"status\": \"" << status << "\", \"pc\": " << system.program_counter()
         << ", \"clocks_total\": " << system.clock() << ", \"clocks\": " << system.run_clocks()
         << ", \"done\": " << system.done_count() << ", \"run_s\": " << system.seconds() << ", \"operations\": [";
    const char *comma = "";
    for (const OperationRecord &record : system.records()) {
        file << comma << "{\"start\": " << record.start << ", \"done\": " << record.done
             << ", \"x\": " << record.x_bytes << ", \"k\": " << record.k_bytes << ", \"o\": " << record.o_bytes
             << ", \"y\": " << record.y_bytes << "}";
        comma = ",\n";
    }
    file << "]}\n";
    if (!file.flush()) {
        throw std::runtime_error("cannot write " + path);
    }
}

} // namespace

int main(int argc, char **argv) {
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL); // ends with the program that started it
#endif
    try {
        Options options = parse(argc, argv);
        std::ofstream snapshots(options.out + "/snapshots.bin", std::ios::binary);
        options.system.on_output = [&](const uint8_t *data, size_t bytes) {
            snapshots.write(reinterpret_cast<const char *>(data), static_cast<std::streamsize>(bytes));
        };
        System system(options.system);
        for (const auto &[address, path] : options.loads) {
            const std::vector<uint8_t> data = read_file(path);
            std::copy(data.begin(), data.end(), system.memory().at(address, data.size()));
        }
        std::string status;
        try {
            status = system.run() ? "ended" : "hangs";
        } catch (const Violation &violation) {
            status = violation.what();
        }
        std::ofstream serial(options.out + "/serial.txt", std::ios::binary);
        serial << system.text();
        if (!snapshots.flush() || !serial.flush()) {
            throw std::runtime_error("cannot write the results");
        }
        write_result(options.out + "/result.json", system, status);
        return 0;
    } catch (const std::exception &error) {
        std::fprintf(stderr, "error: %s\n", error.what());
        return 1;
    }
}
