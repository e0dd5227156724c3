#include "faults.h"

#include <algorithm>
#include <cstring>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "axi.h"
#include "dsoc_map.h"

namespace {

uint32_t field(const uint32_t *words, uint32_t word, uint32_t mask, uint32_t lsb) {
    return (words[word] & mask) >> lsb;
}
#define FIELD(words, name) field(words, DSOC_D_##name##_WORD, DSOC_D_##name##_MASK, DSOC_D_##name##_LSB)

// One operation's descriptor and first weights block, in memory.
class Operation {
public:
    Operation(const dsoc_model_t &model, const Beats &beats, Memory &memory, uint32_t index)
        : model_(model), beat_bytes_(beats.bytes), burst_(weights_burst(beats)), memory_(memory), index_(index),
          words_(model.descriptors + size_t{index} * DSOC_DESCRIPTOR_WORDS) {}

    const uint32_t *words() const { return words_; }

    std::string name() const { return "operation " + std::to_string(index_) + " (" + model_.op_names[index_] + ")"; }

    uint8_t *descriptor() {
        return memory_.data.data() + model_.desc_offset + size_t{index_} * 4 * DSOC_DESCRIPTOR_WORDS;
    }

    // Changes bits of one word; the checksum stays right.
    void change(uint32_t word, uint32_t difference) {
        toggle(word, difference);
        toggle(DSOC_D_CHECKSUM_WORD, difference);
    }

    void toggle(uint32_t word, uint32_t difference) {
        for (unsigned b = 0; b < 4; b++) {
            descriptor()[4 * word + b] ^= static_cast<uint8_t>(difference >> (8 * b));
        }
    }

    uint32_t sign_bit() const { return 1u << (model_.k_bits - 1); }

    uint32_t weight_words() { return header() & 0xFFFFFu; }

    // Sets the number of words of the first weights block to 0.
    void clear_header() { stream(0) = stream(1) = 0, stream(2) &= 0xF0; }

    // Bit number, counted from the start of the weights stream, of column `column` of word `word`.
    uint64_t weight_bit(uint32_t word, uint32_t column) {
        const uint64_t beat_bits = 8 * ports() * beat_bytes_;
        const uint64_t bias_bits = 8 * std::min<uint64_t>(ports(), 2) * beat_bytes_;
        const uint64_t bias_beats = (uint64_t{header() >> 20} * 32 + bias_bits - 1) / bias_bits;
        const uint64_t unit = ports() * std::max<uint64_t>(beat_bytes_, 8);
        const uint64_t word_bits = (uint64_t{model_.cols} * model_.k_bits + unit - 1) / unit * unit;
        return (1 + bias_beats) * beat_bits + word * word_bits + uint64_t{column} * model_.k_bits;
    }

    uint32_t weight(uint64_t bit) {
        uint32_t value = 0;
        for (uint32_t b = 0; b < model_.k_bits; b++) {
            value |= uint32_t{stream((bit + b) / 8)} >> ((bit + b) % 8) << b & 1u << b;
        }
        return value;
    }

    void set_weight(uint64_t bit, uint32_t value) {
        for (uint32_t b = 0; b < model_.k_bits; b++) {
            uint8_t &byte = stream((bit + b) / 8);
            const uint8_t mask = static_cast<uint8_t>(1u << ((bit + b) % 8));
            byte = static_cast<uint8_t>((byte & ~mask) | ((value >> b & 1u) ? mask : 0));
        }
    }

private:
    static size_t weights_burst(const Beats &beats) {
        return std::min<size_t>({beats.max_burst, 16, 4096 / beats.bytes});
    }

    uint64_t ports() const {
        const uint64_t beat_bits = 8 * beat_bytes_;
        return std::min<uint64_t>((uint64_t{model_.cols} * model_.k_bits + beat_bits - 1) / beat_bits, 3);
    }

    // A byte of the weights stream (docs/architecture.md, section 4).
    uint8_t &stream(uint64_t byte) {
        const uint64_t beat = byte / beat_bytes_ / ports(), port = byte / beat_bytes_ % ports();
        const uint64_t cell = beat / burst_ * ports() + port;
        const uint64_t at = (cell * burst_ + beat % burst_) * beat_bytes_ + byte % beat_bytes_;
        return memory_.data[FIELD(words_, K_ADDR) + (ports() > 1 ? at : byte)];
    }

    uint32_t header() {
        uint32_t value = 0;
        for (unsigned b = 0; b < 4; b++) {
            value |= uint32_t{stream(b)} << (8 * b);
        }
        return value;
    }

    const dsoc_model_t &model_;
    size_t beat_bytes_, burst_;
    Memory &memory_;
    uint32_t index_;
    const uint32_t *words_;
};

bool has_weights(const uint32_t *words) {
    return FIELD(words, KIND) == DSOC_D_KIND_MAC;
}

bool has_two_groups(const uint32_t *words) {
    return has_weights(words) && FIELD(words, CH_PER_T) > FIELD(words, SW);
}

bool has_shift(const uint32_t *words) {
    return FIELD(words, ACT1_EN) != 0 || FIELD(words, ACT2_EN) != 0;
}

bool any(const uint32_t *) {
    return true;
}

std::string flip_weight_bit(Operation op) {
    const uint32_t set = FIELD(op.words(), N_WORDS);
    const uint32_t word = std::min(set, op.weight_words()) / 2;
    const uint64_t bit = op.weight_bit(word, 0);
    op.set_weight(bit, op.weight(bit) ^ op.sign_bit());
    return "sign bit of column 0 of weights word " + std::to_string(word) + " of " + op.name() + " flipped";
}

std::string swap_channel(Operation op) {
    const uint32_t other = FIELD(op.words(), KW) + FIELD(op.words(), SW) - 1;
    for (uint32_t word = 0; word < op.weight_words(); word++) {
        const uint64_t a = op.weight_bit(word, 0), b = op.weight_bit(word, other);
        const uint32_t kept = op.weight(a);
        op.set_weight(a, op.weight(b));
        op.set_weight(b, kept);
    }
    return "weights columns 0 and " + std::to_string(other) + " of " + op.name() + " exchanged";
}

std::string wrong_shift(Operation op) {
    const bool first = FIELD(op.words(), ACT1_EN) != 0;
    const uint32_t word = first ? DSOC_D_SH1_POS_WORD : DSOC_D_SH2_POS_WORD;
    const uint32_t lsb = first ? DSOC_D_SH1_POS_LSB : DSOC_D_SH2_POS_LSB;
    op.change(word, 1u << lsb);
    return "positive shift of " + op.name() + " changed by one";
}

std::string stale_descriptor(Operation op) {
    op.change(DSOC_D_NET_ID_WORD, 1u << DSOC_D_NET_ID_LSB);
    return "descriptor of " + op.name() + " belongs to another network";
}

std::string bad_checksum(Operation op) {
    op.toggle(DSOC_D_X_BASE_WORD, 1u << 12);
    return "one bit of the descriptor of " + op.name() + " flipped";
}

std::string wrong_header(Operation op) {
    op.clear_header();
    return "first weights block of " + op.name() + " says that it has no words";
}

std::string wrong_address(Operation op) {
    op.change(DSOC_D_Y_BASE_WORD, 1u << 31);
    return "output address of " + op.name() + " changed";
}

struct Kind {
    const char *name;
    bool (*suits)(const uint32_t *words);
    std::string (*apply)(Operation op);
};

const Kind kKinds[] = {
    {"flip-weight-bit", has_weights, flip_weight_bit},
    {"swap-channel", has_two_groups, swap_channel},
    {"wrong-shift", has_shift, wrong_shift},
    {"stale-descriptor", any, stale_descriptor},
    {"bad-checksum", any, bad_checksum},
    {"wrong-header", has_weights, wrong_header},
    {"wrong-address", any, wrong_address},
};

std::string misplace_descriptor(const dsoc_model_t &model, const Beats &beats, Memory &memory, int wanted) {
    if (model.n_ops < 2) {
        throw std::invalid_argument("misplaced-descriptor needs a network of two operations");
    }
    const uint32_t index = wanted < 0 ? 0 : static_cast<uint32_t>(wanted);
    Operation op(model, beats, memory, index), other(model, beats, memory, (index + 1) % model.n_ops);
    std::memcpy(op.descriptor(), other.descriptor(), 4 * DSOC_DESCRIPTOR_WORDS);
    return "descriptor of " + op.name() + " replaced by that of " + other.name();
}

} // namespace

Fault parse_fault(const std::string &text) {
    std::vector<std::string> parts;
    std::stringstream stream(text);
    for (std::string part; std::getline(stream, part, ':');) {
        parts.push_back(part);
    }
    Fault fault;
    fault.name = parts.at(0);
    if (parts.size() > 1) {
        fault.operation = std::stoi(parts[1]);
    }
    fault.port = parts.size() > 2                                            ? parts[2].at(0)
                 : fault.name == "read-error" || fault.name == "repeat-beat" ? 'x'
                                                                             : 'y';
    if (parts.size() > 3) {
        fault.beat = std::stoull(parts[3]);
    }
    if (parts.size() > 4) {
        fault.response = parts[4] == "decerr" ? kDecodeError : kSlaveError;
    }
    return fault;
}

bool is_port_fault(const Fault &fault) {
    return fault.name == "drop-beat" || fault.name == "repeat-beat" || fault.name == "read-error" ||
           fault.name == "write-error" || fault.name == "lost-answer";
}

std::string apply_memory_fault(const Fault &fault, const dsoc_model_t &model, const Beats &beats, Memory &memory) {
    if (fault.operation >= static_cast<int>(model.n_ops)) {
        throw std::invalid_argument("the network has only " + std::to_string(model.n_ops) + " operations");
    }
    if (fault.name == "misplaced-descriptor") {
        return misplace_descriptor(model, beats, memory, fault.operation);
    }
    for (const Kind &kind : kKinds) {
        if (fault.name != kind.name) {
            continue;
        }
        for (uint32_t i = 0; i < model.n_ops; i++) {
            const uint32_t *words = model.descriptors + size_t{i} * DSOC_DESCRIPTOR_WORDS;
            if ((fault.operation < 0 || fault.operation == static_cast<int>(i)) && kind.suits(words)) {
                return kind.apply(Operation(model, beats, memory, i));
            }
        }
        throw std::invalid_argument("no operation suits the fault " + fault.name);
    }
    throw std::invalid_argument("unknown fault " + fault.name);
}
