// An operation's performance counters as JSON.
#pragma once

#include <ostream>

#include "dsoc.h"

// `null` if they are not known.
inline void write_counters(std::ostream &file, const dsoc_performance_t &p) {
    if (p.clocks == 0) {
        file << "null";
        return;
    }
    file << "{\"clocks\": " << p.clocks << ", \"start\": " << p.start << ", \"array\": " << p.array
         << ", \"pixels\": " << p.pixels << ", \"weights\": " << p.weights << ", \"operands\": " << p.operands
         << ", \"results\": " << p.results << ", \"outputs\": " << p.outputs << ", \"end\": " << p.end
         << ", \"writes\": " << p.writes << ", \"x_beats\": " << p.x_beats << ", \"k_beats\": " << p.k_beats
         << ", \"o_beats\": " << p.o_beats << ", \"y_beats\": " << p.y_beats << "}";
}
