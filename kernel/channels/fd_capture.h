#pragma once
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "kernel/channels/iopub.h"

namespace batchscope::kernel {

// Everything that is written to the process's own file descriptors 1 and 2: by C and C++ code, os.system, children of
// os.fork. They become pipes; what comes out goes to the sink, whole UTF-8 characters only.
class FdCapture {
 public:
  // Any thread, one call at a time.
  using Sink = std::function<void(Stream stream, std::string_view text)>;
  struct Target {
    int fd;
    Stream stream;
  };

  FdCapture(const std::vector<Target>& targets, Sink sink);
  ~FdCapture();  // The descriptors are again what they were.
  FdCapture(const FdCapture&) = delete;
  FdCapture& operator=(const FdCapture&) = delete;

  // When it returns, all that was written before the call has gone to the sink. Any thread; cheap when there is
  // nothing.
  void Drain();

  // Where `fd` pointed before: for what concerns the person who started the kernel, not the notebook. -1 if not
  // captured.
  [[nodiscard]] int original(int fd) const;

 private:
  struct Pipe {
    int fd;
    int original;
    int read_end;
    Stream stream;
    std::string tail;  // the first bytes of a character whose rest has not come yet
  };

  void RunReader();
  void DrainLocked(Pipe& pipe);

  const Sink sink_;
  std::mutex mutex_;  // guards the tails and the order of calls of the sink
  std::vector<Pipe> pipes_;
  int stop_event_ = -1;
  std::thread reader_;
};

// How many bytes of `text` are whole UTF-8 characters (or bytes that can never become one).
std::size_t WholeCharacters(std::string_view text);

}  // namespace batchscope::kernel
