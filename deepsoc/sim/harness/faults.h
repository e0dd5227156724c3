// Deliberate damage, to prove that the comparison and the hardware's own checks notice it.
#pragma once

#include <cstdint>
#include <string>

#include "dsoc.h"
#include "memory.h"

// One fault, `name` or `name:operation` on the command line. Without an operation the first suitable one is taken.
struct Fault {
    std::string name;
    int operation = -1;
};

// Reads `name` or `name:operation`.
Fault parse_fault(const std::string &text);

// True for the faults that the AXI ports make; the others are changes of memory.
bool is_port_fault(const Fault &fault);

// Changes descriptors or weights in memory just before the start. Returns what was done; throws std::invalid_argument
// when the network offers no place for the fault.
std::string apply_memory_fault(const Fault &fault, const dsoc_model_t &model, size_t beat_bytes, Memory &memory);
