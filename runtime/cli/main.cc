#include <iostream>

#include "runtime/cli/app.h"

int main(int argc, char** argv) { return batchscope::cli::Main(argc, argv, std::cout, std::cerr); }
