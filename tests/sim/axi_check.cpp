// Drives the harness's AXI slaves by hand. Argument: name of a scenario. Prints "ok", or the violation.

#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <string>

#include "axi.h"

namespace {

constexpr size_t AB = 8;
constexpr uint64_t kBase = 0x40001000;
const AxiConfig kConfig{0.0, 1, 3, 16};

struct Bench {
    uint64_t araddr = 0, awaddr = 0;
    uint8_t arlen = 0, arsize = 3, arburst = 1, arvalid = 0, arready = 0;
    uint8_t awlen = 0, awsize = 3, awburst = 1, awvalid = 0, awready = 0;
    uint8_t rdata[AB] = {}, rresp = 0, rlast = 0, rvalid = 0, rready = 0;
    uint8_t wdata[AB] = {}, wstrb = 0xFF, wlast = 0, wvalid = 0, wready = 0;
    uint8_t bresp = 0, bvalid = 0, bready = 0;
    Memory memory{kBase, 16384, 7};
    ReadPort<AB> read;
    WritePort<AB> write;
    uint64_t clock = 0;

    explicit Bench(const AxiConfig &config = kConfig)
        : read("r.",
               {{&araddr, &arlen, &arsize, &arburst, &arvalid, &arready}, rdata, &rresp, &rlast, &rvalid, &rready},
               config, 1),
          write("w.",
                {{&awaddr, &awlen, &awsize, &awburst, &awvalid, &awready},
                 wdata,
                 &wstrb,
                 &wlast,
                 &wvalid,
                 &wready,
                 &bresp,
                 &bvalid,
                 &bready},
                config, 5) {
        write.allowed_begin = kBase;
        write.allowed_end = kBase + 16384;
    }

    // One clock; `during` sees the settled signals before the edge.
    void step(const std::function<void()> &during = [] {}) {
        read.drive(clock);
        write.drive(clock, memory);
        during();
        read.sample(clock, memory, [](uint64_t, uint64_t) {});
        write.sample(clock, memory, [](uint64_t, uint64_t) {});
        read.advance();
        write.advance();
        clock++;
    }

    void address_read(uint64_t address, uint8_t beats) {
        araddr = address;
        arlen = static_cast<uint8_t>(beats - 1);
        arvalid = 1;
        step();
        arvalid = 0;
    }

    void address_write(uint64_t address, uint8_t beats) {
        awaddr = address;
        awlen = static_cast<uint8_t>(beats - 1);
        awvalid = 1;
        step();
        awvalid = 0;
    }

    void beat(uint8_t value, bool last, uint8_t strobes = 0xFF) {
        std::memset(wdata, value, AB);
        wstrb = strobes;
        wlast = last;
        wvalid = 1;
        step();
        wvalid = 0;
    }

    // Waits for a write's answer; returns the clocks that took.
    uint64_t answer() {
        const uint64_t begin = clock;
        bready = 1;
        for (bool done = false; !done;) {
            step([&] { done = bvalid; });
        }
        bready = 0;
        return clock - begin;
    }
};

void expect(bool condition, const char *what) {
    if (!condition) {
        throw Violation(std::string("expected: ") + what);
    }
}

void read_burst() {
    Bench b;
    b.address_read(kBase + 64, 4);
    b.rready = 1;
    uint64_t first = 0, last = 0;
    unsigned beats = 0;
    for (int i = 0; i < 20; i++) {
        b.step([&] {
            if (!b.rvalid) {
                return;
            }
            first = beats == 0 ? b.clock : first;
            last = b.clock;
            expect(std::memcmp(b.rdata, b.memory.data.data() + 64 + AB * beats, AB) == 0, "data of memory");
            beats++;
            expect(b.rlast == (beats == 4), "rlast on the last beat only");
        });
    }
    expect(beats == 4 && last == first + 3, "four beats in four clocks");
    expect(first == 1 + 3, "first beat after the latency");
}

void two_bursts_back_to_back() {
    Bench b;
    b.address_read(kBase, 2);
    b.address_read(kBase + 256, 2);
    b.rready = 1;
    unsigned beats = 0;
    uint64_t first = 0, last = 0;
    for (int i = 0; i < 20; i++) {
        b.step([&] {
            if (b.rvalid) {
                first = beats == 0 ? b.clock : first;
                last = b.clock;
                beats++;
            }
        });
    }
    expect(beats == 4 && last == first + 3, "no gap between outstanding bursts");
}

void write_burst() {
    Bench b;
    const std::vector<uint8_t> before = b.memory.data;
    b.address_write(kBase + 128, 2);
    b.beat(0x11, false);
    b.beat(0x22, true, 0x0F);
    expect(b.memory.data == before, "memory unchanged until the answer");
    expect(b.answer() == 1 + 3, "answer after the latency");
    for (size_t i = 0; i < 16; i++) {
        const uint8_t wanted = i < 8 ? 0x11 : i < 12 ? 0x22 : before[128 + i];
        expect(b.memory.data[128 + i] == wanted, "strobed bytes in memory");
    }
    expect(b.write.idle(), "idle after the answer");
}

void data_before_address() {
    Bench b;
    b.beat(0x33, true);
    b.address_write(kBase + 8, 1);
    b.answer();
    expect(b.memory.data[8] == 0x33, "early data in memory");
}

void stalls_are_legal_and_lose_nothing() {
    Bench b(AxiConfig{0.7, 99, 2, 16});
    b.rready = 1;
    b.araddr = kBase;
    b.arlen = 15;
    b.arvalid = 1;
    unsigned beats = 0, stalled = 0;
    for (int i = 0; i < 400; i++) {
        bool taken = false;
        b.step([&] {
            taken = b.arready && b.arvalid;
            stalled += b.arvalid && !b.arready;
            beats += b.rvalid;
            stalled += beats > 0 && beats < 16 && !b.rvalid;
        });
        if (taken) {
            b.arvalid = 0;
        }
    }
    expect(beats == 16 && stalled > 5, "sixteen beats with pauses");
}

void errors_at_their_beat() {
    Bench b;
    b.read.error_response.arm(2, kDecodeError);
    b.write.error_response.arm(1);
    b.address_read(kBase, 4);
    b.rready = 1;
    std::string responses;
    for (int i = 0; i < 20; i++) {
        b.step([&] { responses += b.rvalid ? std::to_string(b.rresp) : ""; });
    }
    expect(responses == "0030", "third beat with an error");
    for (int i = 0; i < 3; i++) {
        b.address_write(kBase, 1);
        b.beat(1, true);
        b.answer();
        expect(b.bresp == (i == 1 ? kSlaveError : 0), "second answer with an error");
    }
}

// What began before the stop may end after it, a burst's other half too.
void stop_in_the_middle() {
    Bench b(AxiConfig{0.8, 3, 2, 16});
    const auto clock = [&] { // a taken offer ends
        bool ar = false, aw = false, w = false;
        b.step([&] { ar = b.arready, aw = b.awready, w = b.wready; });
        b.arvalid = b.arvalid && !ar;
        b.awvalid = b.awvalid && !aw;
        b.wvalid = b.wvalid && !w;
    };
    b.araddr = b.awaddr = kBase;
    b.awlen = 1;
    b.arvalid = b.wvalid = 1;
    b.read.stop_from = b.write.stop_from = 1;
    clock();
    b.awvalid = 1;
    while (b.arvalid || b.awvalid || b.wvalid) {
        clock();
    }
    b.wstrb = 0;
    b.wlast = b.wvalid = 1;
    b.rready = b.bready = 1;
    while (!b.read.idle() || !b.write.quiet()) {
        clock();
    }
}

const std::map<std::string, std::function<void()>> kScenarios = {
    {"read burst", read_burst},
    {"two bursts back to back", two_bursts_back_to_back},
    {"write burst", write_burst},
    {"data before address", data_before_address},
    {"stalls", stalls_are_legal_and_lose_nothing},
    {"errors at their beat", errors_at_their_beat},
    {"stop in the middle", stop_in_the_middle},
    {"read after the stop",
     [] {
         Bench b;
         b.read.stop_from = 1;
         b.address_read(kBase, 1);
         b.address_read(kBase, 1);
     }},
    {"write after the stop",
     [] {
         Bench b;
         b.write.stop_from = 1;
         b.address_write(kBase, 1);
         b.address_write(kBase, 1);
     }},
    {"strobes after the stop",
     [] {
         Bench b;
         b.write.stop_from = 2;
         b.address_write(kBase, 2);
         b.beat(1, false);
         b.beat(1, true);
     }},
    {"valid falls",
     [] {
         Bench b(AxiConfig{0.999, 1, 0, 16});
         b.address_read(kBase, 1);
         b.step();
     }},
    {"address changes",
     [] {
         Bench b(AxiConfig{0.999, 1, 0, 16});
         b.arvalid = 1;
         b.araddr = kBase;
         b.step();
         b.araddr = kBase + 8;
         b.step();
     }},
    {"data changes",
     [] {
         Bench b(AxiConfig{0.999, 1, 0, 16});
         b.wvalid = 1;
         b.step();
         b.wdata[3] ^= 1;
         b.step();
     }},
    {"page", [] { Bench().address_read(kBase + 4096 - 8, 2); }},
    {"below the arena", [] { Bench().address_read(kBase - 8, 1); }},
    {"above the arena", [] { Bench().address_write(kBase + 16384, 1); }},
    {"too long", [] { Bench().address_read(kBase, 17); }},
    {"size",
     [] {
         Bench b;
         b.arsize = 2;
         b.address_read(kBase, 1);
     }},
    {"type",
     [] {
         Bench b;
         b.awburst = 0;
         b.address_write(kBase, 1);
     }},
    {"last too early",
     [] {
         Bench b;
         b.address_write(kBase, 2);
         b.beat(1, true);
     }},
    {"last missing",
     [] {
         Bench b;
         b.address_write(kBase, 1);
         b.beat(1, false);
     }},
    {"strobe before the address",
     [] {
         Bench b;
         b.address_write(kBase + 3, 1);
         b.beat(1, true);
     }},
    {"outside the output",
     [] {
         Bench b;
         b.write.allowed_end = kBase + 4;
         b.address_write(kBase, 1);
         b.beat(1, true);
         b.answer();
     }},
};

} // namespace

int main(int argc, char **argv) {
    try {
        kScenarios.at(argc > 1 ? argv[1] : "")();
        std::puts("ok");
    } catch (const std::exception &error) {
        std::puts(error.what());
    }
    return 0;
}
