// The simulated DRAM: one arena at a bus address, filled with a seeded pattern until it is written.
#pragma once

#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include "random.h"

// A broken protocol rule or an access that no correct design makes: ends the run with a message.
struct Violation : std::runtime_error {
    using std::runtime_error::runtime_error;
};

inline std::string hex(uint64_t value) {
    char text[24];
    std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
    return text;
}

inline std::vector<uint8_t> random_bytes(uint64_t bytes, uint64_t seed) {
    Random random(seed);
    std::vector<uint8_t> data(bytes);
    for (auto &byte : data) {
        byte = static_cast<uint8_t>(random.next() >> 56);
    }
    return data;
}

struct Memory {
    Memory(uint64_t base_address, uint64_t bytes, uint64_t seed)
        : base(base_address), data(random_bytes(bytes, seed)) {}

    // The byte at bus address `address`; the whole range must lie in the arena.
    uint8_t *at(uint64_t address, uint64_t bytes) {
        if (address < base || address + bytes > base + data.size()) {
            throw Violation("access to " + hex(address) + " (" + std::to_string(bytes) +
                            " bytes) outside the arena at " + hex(base) + ", " + std::to_string(data.size()) +
                            " bytes");
        }
        return data.data() + (address - base);
    }

    uint64_t base;
    std::vector<uint8_t> data;
};
