#include <fmt/format.h>
#include <sys/wait.h>

#include <cctype>
#include <csignal>
#include <cstring>

#include "runtime/launch/fork_server.h"

namespace batchscope::launch {

std::string DescribeExit(int wait_status) {
  if (!WIFSIGNALED(wait_status)) return fmt::format("exit code {}", WEXITSTATUS(wait_status));
  const int signal = WTERMSIG(wait_status);
  if (signal == SIGKILL) return "SIGKILL (killed; often the kernel's out-of-memory killer)";
  const char* name = ::sigabbrev_np(signal);
  if (name == nullptr) return fmt::format("signal {}", signal);
  std::string words = ::sigdescr_np(signal);
  // "Segmentation fault", but "I/O possible" and "CPU time limit exceeded".
  if (words.size() > 1 && std::islower(static_cast<unsigned char>(words[1])) != 0) {
    words[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(words[0])));
  }
  return fmt::format("SIG{} ({})", name, words);
}

}  // namespace batchscope::launch
