// Deliberate damage, to prove that the comparison and the hardware's own checks notice it.
#pragma once

#include <cstdint>
#include <string>

#include "dsoc.h"
#include "memory.h"

// One fault, `name[:operation[:port[:beat[:response]]]]` on the command line. Without an operation the first suitable
// one is taken. What follows is for faults of ports: x, k, o or y, the number of beats (of answers, where one is hit)
// that pass before, counted from the begin of the operation, and slverr or decerr.
struct Fault {
    std::string name;
    int operation = -1;
    char port = 0;
    uint64_t beat = 0;
    uint8_t response = 2;
};

// Reads a fault of the command line; throws std::invalid_argument.
Fault parse_fault(const std::string &text);

// True for the faults that the AXI ports make; the others are changes of memory.
bool is_port_fault(const Fault &fault);

// Bytes of a beat, and beats of the longest burst.
struct Beats {
    size_t bytes, max_burst;
};

// Changes descriptors or weights in memory just before the start. Returns what was done; throws std::invalid_argument
// when the network offers no place for the fault.
std::string apply_memory_fault(const Fault &fault, const dsoc_model_t &model, const Beats &beats, Memory &memory);
