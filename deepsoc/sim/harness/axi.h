// AXI4 slaves in front of the simulated DRAM: in order, one beat per clock at best, configurable latency, random
// stalls on every channel, and checks of every rule that the masters must keep. A read shows the memory as it was when
// its address was taken, a write changes it when it is answered: a read that does not wait for that shows old data.
//
// A port that was stopped (stop_from) must come to rest: no new address, and no strobes in beats that were not offered.
//
// Each clock: drive() sets the slave's outputs, the model settles, sample() takes the handshakes of the coming edge.
#pragma once

#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "memory.h"
#include "random.h"

struct AxiConfig {
    double stall_prob;
    uint64_t seed;
    uint32_t latency;   // clocks from an accepted address (or last write beat) to the answer, beyond the first
    uint32_t max_burst; // beats
};

constexpr size_t kMaxOutstanding = 64; // bursts a port accepts before it stops taking addresses
constexpr size_t kMaxEarlyBeats = 64;  // write beats taken before their address
constexpr uint8_t kSlaveError = 2;     // xRESP
constexpr uint8_t kDecodeError = 3;
constexpr uint64_t kNever = ~uint64_t{0};

// A fault that waits for its beat or answer.
class Trigger {
public:
    void arm(uint64_t after, uint8_t response = kSlaveError) {
        armed_ = true;
        after_ = after;
        response_ = response;
    }

    void disarm() { armed_ = false; }

    // Called once a beat or answer: whether the fault is due.
    bool due() {
        if (armed_ && after_ == 0) {
            return true;
        }
        after_ -= armed_;
        return false;
    }

    uint8_t response() const { return response_; }

private:
    bool armed_ = false;
    uint64_t after_ = 0;
    uint8_t response_ = kSlaveError;
};

// Holds what a stalled channel showed, and complains when the master withdraws or changes it.
template <size_t Bytes>
class Stability {
public:
    void check(const char *port, const char *channel, bool valid, bool ready, const void *payload) {
        if (held_ && !valid) {
            throw Violation(std::string(port) + channel + "valid fell before " + channel + "ready");
        }
        if (held_ && std::memcmp(payload_, payload, Bytes) != 0) {
            throw Violation(std::string(port) + channel + " changed before " + channel + "ready");
        }
        held_ = valid && !ready;
        if (held_) {
            std::memcpy(payload_, payload, Bytes);
        }
    }

private:
    bool held_ = false;
    uint8_t payload_[Bytes];
};

// Signals of an address channel.
struct AddressSignals {
    uint64_t *addr;
    uint8_t *len, *size, *burst, *valid, *ready;
};

struct Burst {
    uint64_t address; // as issued
    uint32_t beats;
    uint64_t ready_at; // clock from which the answer may come
};

// Checks common to both address channels; AB = bytes a beat.
template <size_t AB>
class AddressChannel {
public:
    AddressChannel(const char *port, const char *channel, AddressSignals signals, const AxiConfig &config,
                   uint64_t stream)
        : s(signals), port_(port), channel_(channel), stall_(config.stall_prob, config.seed + stream),
          max_burst_(config.max_burst) {
        *s.ready = 0;
    }

    void drive(bool room) { *s.ready = room && !stall_(); }

    // True when an address was accepted; `burst` is then filled but for ready_at. `closed`: none may begin.
    bool sample(const Memory &memory, Burst &burst, bool closed) {
        if (!*s.valid && !watched_) {
            return false;
        }
        if (closed && !watched_) {
            fail("a new address after the stop");
        }
        const std::pair<uint64_t, uint64_t> payload{*s.addr, uint64_t{*s.len} | uint64_t{*s.size} << 8 |
                                                                 uint64_t{*s.burst} << 16};
        stability_.check(port_, channel_, *s.valid, *s.ready, &payload);
        watched_ = *s.valid && !*s.ready;
        if (!*s.valid || watched_) {
            return false;
        }
        burst = Burst{*s.addr, uint32_t{*s.len} + 1u, 0};
        const uint64_t first = burst.address & ~uint64_t{AB - 1};
        const uint64_t last = first + uint64_t{burst.beats} * AB - 1;
        if ((1u << *s.size) != AB) {
            fail("size is " + std::to_string(1u << *s.size) + " bytes, not " + std::to_string(AB));
        }
        if (*s.burst != 1) {
            fail("burst type is not INCR");
        }
        if (burst.beats > max_burst_) {
            fail(std::to_string(burst.beats) + " beats, more than axi_max_burst " + std::to_string(max_burst_));
        }
        if (first / 4096 != last / 4096) {
            fail("burst at " + hex(burst.address) + " of " + std::to_string(burst.beats) + " beats crosses 4 KiB");
        }
        if (first < memory.base || last >= memory.base + memory.data.size()) {
            fail("burst at " + hex(burst.address) + " of " + std::to_string(burst.beats) +
                 " beats leaves the arena at " + hex(memory.base));
        }
        return true;
    }

    bool offered() const { return *s.valid; }

    AddressSignals s;

private:
    [[noreturn]] void fail(const std::string &what) const {
        throw Violation(std::string(port_) + channel_ + ": " + what);
    }

    const char *port_, *channel_;
    Stall stall_;
    Stability<16> stability_;
    uint32_t max_burst_;
    bool watched_ = false;
};

template <size_t AB>
class ReadPort {
public:
    struct Signals {
        AddressSignals ar;
        void *data;
        uint8_t *resp, *last, *valid, *ready;
    };

    ReadPort(const char *name, Signals signals, const AxiConfig &config, uint64_t stream)
        : ar_(name, "ar", signals.ar, config, stream), s(signals), latency_(config.latency),
          stall_(config.stall_prob, config.seed + stream + 1) {
        *s.valid = 0;
    }

    void drive(uint64_t clock) {
        ar_.drive(bursts_.size() < kMaxOutstanding);
        if (*s.valid) {
            return; // not yet taken
        }
        if (!bursts_.empty() && clock >= bursts_.front().burst.ready_at && !stall_()) {
            const uint8_t *beat = bursts_.front().data.data() + size_t{beat_} * AB;
            const bool repeat = repeat_beat.due() && beat_ > 0 && std::memcmp(beat - AB, beat, AB) != 0;
            std::memcpy(s.data, repeat ? beat - AB : beat, AB);
            const bool error = error_response.due();
            *s.resp = error ? error_response.response() : 0;
            *s.last = beat_ + 1 == bursts_.front().burst.beats;
            *s.valid = 1;
            if (repeat) {
                repeat_beat.disarm();
            }
            if (error) {
                error_response.disarm();
            }
        }
    }

    // Returns whether anything moved; an accepted burst is told to `on_burst(address, bytes)`.
    template <typename OnBurst>
    bool sample(uint64_t clock, Memory &memory, OnBurst on_burst) {
        Burst burst;
        const bool taken = ar_.sample(memory, burst, clock >= stop_from);
        if (taken) {
            burst.ready_at = clock + 1 + latency_;
            const size_t bytes = size_t{burst.beats} * AB;
            const uint8_t *data = memory.at(burst.address & ~uint64_t{AB - 1}, bytes);
            bursts_.push_back(Pending{burst, std::vector<uint8_t>(data, data + bytes)});
            on_burst(burst.address, uint64_t{burst.beats} * AB);
        }
        fired_ = *s.valid && *s.ready;
        beats += fired_;
        failed = fired_ && *s.resp != 0;
        return taken || fired_;
    }

    bool idle() const { return bursts_.empty() && !ar_.offered(); }

    // After the edge: an accepted beat leaves.
    void advance() {
        if (!fired_) {
            return;
        }
        *s.valid = 0;
        if (++beat_ == bursts_.front().burst.beats) {
            beat_ = 0;
            bursts_.pop_front();
        }
    }

    Trigger repeat_beat;         // fault: a beat shows the data of the beat before it
    Trigger error_response;      // fault: a beat answers with an error
    uint64_t stop_from = kNever; // clock from which no new address may be offered
    uint64_t beats = 0;          // taken so far
    bool failed = false;         // a beat with an error was taken at the last edge

private:
    struct Pending {
        Burst burst;
        std::vector<uint8_t> data;
    };

    AddressChannel<AB> ar_;
    Signals s;
    std::deque<Pending> bursts_;
    uint32_t beat_ = 0;
    uint32_t latency_;
    Stall stall_;
    bool fired_ = false;
};

template <size_t AB>
class WritePort {
public:
    struct Signals {
        AddressSignals aw;
        const void *data, *strb;
        uint8_t *last, *w_valid, *w_ready;
        uint8_t *resp, *b_valid, *b_ready;
    };

    WritePort(const char *name, Signals signals, const AxiConfig &config, uint64_t stream)
        : name_(name), aw_(name, "aw", signals.aw, config, stream), s(signals), latency_(config.latency),
          w_stall_(config.stall_prob, config.seed + stream + 1), b_stall_(config.stall_prob, config.seed + stream + 2) {
        *s.w_ready = 0;
        *s.b_valid = 0;
    }

    // Memory changes only when a burst is answered: a reader that does not wait for the answer sees old data.
    void drive(uint64_t clock, Memory &memory) {
        aw_.drive(bursts_.size() < kMaxOutstanding);
        const bool has_address = next_ < bursts_.size();
        *s.w_ready = (has_address || early_.size() < kMaxEarlyBeats) && !w_stall_();
        if (!*s.b_valid && !bursts_.empty() && bursts_.front().complete && clock >= bursts_.front().burst.ready_at &&
            !b_stall_()) {
            commit(bursts_.front(), memory);
            bursts_.pop_front();
            next_--;
            if (lose_answer.due()) {
                lose_answer.disarm();
                return;
            }
            const bool error = error_response.due();
            *s.resp = error ? error_response.response() : 0;
            *s.b_valid = 1;
            if (error) {
                error_response.disarm();
            }
        }
    }

    // As ReadPort::sample(); `on_burst` is called when an address is accepted.
    template <typename OnBurst>
    bool sample(uint64_t clock, const Memory &memory, OnBurst on_burst) {
        Burst burst;
        // An address may still follow the beats of its burst.
        const bool taken = aw_.sample(memory, burst, clock >= stop_from && early_.empty() && !w_watched_);
        if (taken) {
            on_burst(burst.address, uint64_t{burst.beats} * AB);
            bursts_.push_back(Pending{burst, {}, false});
        }
        const bool beat = sample_beat(clock >= stop_from);
        while (next_ < bursts_.size() && !early_.empty()) {
            take(bursts_[next_], clock);
        }
        b_fired_ = *s.b_valid && *s.b_ready;
        answers += b_fired_;
        failed = b_fired_ && *s.resp != 0;
        return taken || beat || b_fired_;
    }

    void advance() {
        if (b_fired_) {
            *s.b_valid = 0;
        }
    }

    bool idle() const { return bursts_.empty() && early_.empty() && (!*s.b_valid || b_fired_); }

    // Nothing is under way, and nothing is offered.
    bool quiet() const { return idle() && !aw_.offered() && !*s.w_valid; }

    Trigger drop_beat;           // fault: a beat with data is lost
    Trigger error_response;      // fault: an answer tells an error
    Trigger lose_answer;         // fault: an answer never comes
    uint64_t stop_from = kNever; // clock from which nothing new may be offered
    uint64_t answers = 0;        // taken so far
    bool failed = false;         // an answer with an error was taken at the last edge

private:
    struct Beat {
        uint8_t data[AB];
        uint64_t strb;
        bool last;
    };
    struct Pending {
        Burst burst;
        std::vector<Beat> beats;
        bool complete;
    };

    bool sample_beat(bool closed) {
        if (!*s.w_valid && !w_watched_) {
            return false;
        }
        uint8_t payload[AB + 9];
        std::memcpy(payload, s.data, AB);
        uint64_t strb = 0;
        std::memcpy(&strb, s.strb, (AB + 7) / 8);
        std::memcpy(payload + AB, &strb, 8);
        payload[AB + 8] = *s.last;
        if (closed && !w_watched_ && strb != 0) {
            throw Violation(std::string(name_) + "w: a new beat with strobes after the stop");
        }
        w_stability_.check(name_, "w", *s.w_valid, *s.w_ready, payload);
        w_watched_ = *s.w_valid && !*s.w_ready;
        if (!*s.w_valid || w_watched_) {
            return false;
        }
        Beat beat;
        std::memcpy(beat.data, payload, AB);
        beat.strb = strb;
        beat.last = *s.last;
        early_.push_back(beat);
        return true;
    }

    // Moves one early beat to its burst.
    void take(Pending &pending, uint64_t clock) {
        Beat beat = early_.front();
        early_.pop_front();
        const size_t index = pending.beats.size();
        const bool last = index + 1 == pending.burst.beats;
        if (beat.last != last) {
            throw Violation(std::string(name_) + "wlast is " + std::to_string(beat.last) + " on beat " +
                            std::to_string(index) + " of " + std::to_string(pending.burst.beats));
        }
        const uint64_t skipped = pending.burst.address % AB;
        if (index == 0 && skipped != 0 && (beat.strb & ((uint64_t{1} << skipped) - 1)) != 0) {
            throw Violation(std::string(name_) + "wstrb selects bytes before the address " +
                            hex(pending.burst.address));
        }
        if (beat.strb != 0 && drop_beat.due()) {
            beat.strb = 0;
            drop_beat.disarm();
        }
        pending.beats.push_back(beat);
        if (last) {
            pending.complete = true;
            pending.burst.ready_at = clock + 1 + latency_;
            next_++;
        }
    }

    void commit(const Pending &pending, Memory &memory) {
        uint64_t address = pending.burst.address & ~uint64_t{AB - 1};
        for (const Beat &beat : pending.beats) {
            uint8_t *place = memory.at(address, AB);
            for (size_t i = 0; i < AB; i++) {
                if (beat.strb >> i & 1) {
                    check_byte(address + i);
                    place[i] = beat.data[i];
                }
            }
            address += AB;
        }
    }

    void check_byte(uint64_t address) const {
        if (address < allowed_begin || address >= allowed_end) {
            throw Violation(std::string(name_) + "w: byte at " + hex(address) +
                            " lies outside the operation's output " + hex(allowed_begin) + " … " + hex(allowed_end));
        }
    }

public:
    uint64_t allowed_begin = 0, allowed_end = 0; // bus addresses that the running operation may write

private:
    const char *name_;
    AddressChannel<AB> aw_;
    Signals s;
    std::deque<Pending> bursts_; // accepted, oldest first
    size_t next_ = 0;            // the first of them that lacks beats
    std::deque<Beat> early_;     // accepted beats without a burst yet
    uint32_t latency_;
    Stall w_stall_, b_stall_;
    Stability<AB + 9> w_stability_;
    bool w_watched_ = false;
    bool b_fired_ = false;
};
