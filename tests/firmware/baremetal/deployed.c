/* Runs main.c of a deployment on the machines of these tests, with the deployment's own board, and prints its status.
 */
#include "accelerator.h"
#include "board.h"
#include "vectors.h"

#ifndef COHERENT
#define COHERENT 0u
#endif
#ifndef ERROR_CODE
#define ERROR_CODE 0u
#endif

int main(void);
void program(void);

void fail(const char *what) {
    board_print("failed: ");
    board_print(what);
    board_exit();
}

void program(void) {
    accelerator.bus = 0;
    accelerator.coherent = COHERENT;
    accelerator.ticks = 500;
    accelerator.error_code = ERROR_CODE;
    board_print(main() == 0 ? "status 0" : "status 1");
    board_exit();
}
