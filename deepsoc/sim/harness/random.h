// Seeded random numbers: stalls of one channel, and the pattern that fills memory before anything is written.
#pragma once

#include <cstdint>

class Random {
public:
    explicit Random(uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u + 0xD1B54A32D192ED03u) { next(); }

    uint64_t next() {
        state_ += 0x9E3779B97F4A7C15u;
        uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        return z ^ (z >> 31);
    }

private:
    uint64_t state_;
};

// Says for each clock whether a channel stalls. Probability 0 costs one comparison.
class Stall {
public:
    Stall(double probability, uint64_t seed)
        : random_(seed), threshold_(static_cast<uint64_t>(probability * 4294967296.0)) {}

    bool operator()() { return threshold_ != 0 && (random_.next() >> 32) < threshold_; }

private:
    Random random_;
    uint64_t threshold_;
};
