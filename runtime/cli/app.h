#pragma once

#include <iosfwd>

namespace batchscope::cli {

/// The program `batchscope`: reads the words, does the command, returns the exit code (see exit_code.h).
/// Results go to `out`, progress and errors to `err`. Main thread, before any other was started.
int Main(int argc, const char* const* argv, std::ostream& out, std::ostream& err);

}  // namespace batchscope::cli
