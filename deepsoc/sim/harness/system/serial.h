// The other end of the serial port: takes bytes from the design's line, sends bytes on the one to it. 8N1.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

class Serial {
public:
    // `divider`: clocks a bit.
    Serial(uint32_t divider, std::vector<uint8_t> to_send) : divider_(divider), to_send_(std::move(to_send)) {}

    // One clock: takes the level of the design's line, returns the level of the line to it. Sends once `ready`.
    bool clock(bool line, bool ready) {
        receive(line);
        return send(ready);
    }

    const std::string &text() const { return text_; }
    bool sending() const { return sent_ < to_send_.size() || sending_bit_ != 0; }

private:
    void receive(bool line) {
        if (bit_ == 0) {
            if (!line) {
                bit_ = 1;
                wait_ = divider_ + divider_ / 2 - 1;
                byte_ = 0;
            }
        } else if (wait_ > 0) {
            wait_--;
        } else if (bit_ <= 8) {
            byte_ = static_cast<uint8_t>(byte_ | line << (bit_ - 1));
            bit_++;
            wait_ = divider_ - 1;
        } else {
            text_ += line ? static_cast<char>(byte_) : '?'; // without a stop bit
            bit_ = 0;
        }
    }

    bool send(bool ready) {
        if (sending_bit_ == 0) {
            if (!ready || sent_ == to_send_.size()) {
                return true;
            }
            shift_ = static_cast<uint16_t>(to_send_[sent_++] << 1 | 0x200);
            sending_bit_ = 10;
            send_wait_ = divider_;
        }
        const bool level = shift_ & 1;
        if (--send_wait_ == 0) {
            shift_ = static_cast<uint16_t>(shift_ >> 1);
            sending_bit_--;
            send_wait_ = divider_;
        }
        return level;
    }

    uint32_t divider_;
    std::vector<uint8_t> to_send_;
    std::string text_;
    uint32_t bit_ = 0, wait_ = 0, sending_bit_ = 0, send_wait_ = 0;
    size_t sent_ = 0;
    uint8_t byte_ = 0;
    uint16_t shift_ = 0;
};
