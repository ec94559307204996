#pragma once

#include <iosfwd>

namespace batchscope::dap {

/// The program `batchscope-dap`: reads the words, serves one client over `in` and `out` (descriptors), or many over
/// TCP, returns the exit code: 0, 2 for wrong usage, 1 for anything else. What it says about itself goes to `words`
/// (with --listen one line of JSON, with --help and --version that), errors to `errors`. Main thread, before any other
/// was started.
int Main(int argc, const char* const* argv, int in, int out, std::ostream& words, std::ostream& errors);

}  // namespace batchscope::dap
