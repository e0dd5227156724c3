/* Opens the machine and synchronizes ranges of odd sizes. */
#include "dsoc_port_linux.h"

#include <stdio.h>

int main(void) {
    static const dsoc_linux_options_t options = {.uio = "dsoc", .memory = "udmabuf0"};
    static dsoc_linux_t machine;
    if (dsoc_linux_open(&machine, &options) != 0) {
        (void)fputs(machine.error, stderr);
        return 1;
    }
    const dsoc_port_t port = dsoc_port_linux(&machine);
    port.flush(port.user, machine.arena + 64, 20);
    port.flush(port.user, machine.arena, 16);
    port.invalidate(port.user, machine.arena + 4096, 1);
    printf("0x%llx %llu\n", (unsigned long long)machine.arena_bus, (unsigned long long)machine.arena_bytes);
    dsoc_linux_close(&machine);
    return 0;
}
