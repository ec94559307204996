#include <iostream>

#include <unistd.h>

#include "debugadapter/cli/app.h"

int main(int argc, char** argv) {
  return batchscope::dap::Main(argc, argv, STDIN_FILENO, STDOUT_FILENO, std::cout, std::cerr);
}
