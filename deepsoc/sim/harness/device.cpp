// The machine as a shared library, for drivers in other languages: registers, memory and interrupt behind C functions.
//
// Functions that return int: 0 is done; -1 is a broken bus rule, which dsoc_device_error() names, and the machine is of
// no more use.

#include <exception>
#include <memory>
#include <string>

#include "machine.h"

namespace {

class Everywhere : public Machine {
public:
    Everywhere(const MachineConfig &config, uint64_t bytes) : Machine(config, bytes) {
        y_.allowed_begin = memory_.base;
        y_.allowed_end = memory_.base + bytes;
    }
    bool irq() const { return top_->irq_o; }
};

struct Device {
    MachineConfig config;
    std::unique_ptr<Everywhere> machine;
    std::string error;
};

Device &of(void *device) {
    return *static_cast<Device *>(device);
}

Everywhere &machine_of(void *device) {
    return *of(device).machine;
}

template <typename Action>
int guarded(void *device, Action action) {
    try {
        return action();
    } catch (const std::exception &error) {
        of(device).error = error.what();
        return -1;
    }
}

} // namespace

extern "C" {

void *dsoc_device_open(double stall_prob, uint32_t latency, uint32_t max_burst, uint64_t seed, uint64_t watchdog,
                       uint64_t bytes) {
    auto device = std::make_unique<Device>();
    device->config.axi = AxiConfig{stall_prob, seed, latency, max_burst};
    device->config.watchdog = watchdog;
    device->machine = std::make_unique<Everywhere>(device->config, bytes);
    return device.release();
}

void dsoc_device_close(void *device) {
    delete &of(device);
}

const char *dsoc_device_error(void *device) {
    return of(device).error.c_str();
}

uint8_t *dsoc_device_memory(void *device) {
    return machine_of(device).memory().data.data();
}

uint64_t dsoc_device_address(void *device) {
    return machine_of(device).memory().base;
}

uint64_t dsoc_device_clock(void *device) {
    return machine_of(device).clock();
}

int dsoc_device_read32(void *device, uint32_t offset, uint32_t *value) {
    return guarded(device, [&] {
        *value = machine_of(device).read32(offset);
        return 0;
    });
}

int dsoc_device_write32(void *device, uint32_t offset, uint32_t value) {
    return guarded(device, [&] {
        machine_of(device).write32(offset, value);
        return 0;
    });
}

// 0: so many clocks have passed; 1: the interrupt is raised; 2: no transfer for `watchdog` clocks.
int dsoc_device_wait_irq(void *device, uint32_t clocks) {
    return guarded(device, [&] {
        Everywhere &machine = machine_of(device);
        const int still = machine.wait_irq(clocks);
        return machine.irq() ? 1 : still ? 2 : 0;
    });
}

// Damages a transfer of a port after so many beats or answers: 'x', 'k', 'o' a read error, 'y' a write error, 'b' a
// write answer is lost.
void dsoc_device_fault(void *device, char port, uint64_t after) {
    Everywhere &machine = machine_of(device);
    if (port == 'b') {
        machine.write_port().lose_answer.arm(after);
    } else if (port == 'y') {
        machine.write_port().error_response.arm(after);
    } else {
        machine.read_port(port).error_response.arm(after);
    }
}
}
