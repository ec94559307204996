#include "kernel/channels/fd_capture.h"

#include <cerrno>
#include <cstdint>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace batchscope::kernel {
namespace {

constexpr int kPipeBytes = 1 << 20;

}  // namespace

std::size_t WholeCharacters(std::string_view text) {
  const std::size_t longest_tail = 3;  // of a character of four bytes
  for (std::size_t back = 1; back <= longest_tail && back <= text.size(); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xC0U) == 0x80U) {
      continue;  // in the middle of a character: its first byte lies further back
    }
    const std::size_t needs = byte >= 0xF0U ? 4 : byte >= 0xE0U ? 3 : byte >= 0xC0U ? 2 : 1;
    return needs > back ? text.size() - back : text.size();
  }
  return text.size();
}

FdCapture::FdCapture(const std::vector<Target>& targets, Sink sink) : sink_(std::move(sink)) {
  stop_event_ = eventfd(0, EFD_CLOEXEC);
  for (const Target& target : targets) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
      continue;  // out of descriptors: the text goes where it went before
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    fcntl(ends[0], F_SETPIPE_SZ, kPipeBytes);  // may be refused: then it is smaller
    const int original = fcntl(target.fd, F_DUPFD_CLOEXEC, 3);
    dup2(ends[1], target.fd);  // inherited by children, unlike the pipe's other descriptors
    close(ends[1]);
    pipes_.push_back({target.fd, original, ends[0], target.stream, {}});
  }
  reader_ = std::thread([this] { RunReader(); });
}

FdCapture::~FdCapture() {
  Drain();
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = write(stop_event_, &one, sizeof one);
  reader_.join();
  for (const Pipe& pipe : pipes_) {
    if (pipe.original >= 0) {
      dup2(pipe.original, pipe.fd);
      close(pipe.original);
    }
    close(pipe.read_end);
  }
  close(stop_event_);
}

void FdCapture::Drain() {
  const std::lock_guard lock(mutex_);
  for (Pipe& pipe : pipes_) {
    DrainLocked(pipe);
  }
}

int FdCapture::original(int fd) const {
  for (const Pipe& pipe : pipes_) {
    if (pipe.fd == fd) {
      return pipe.original;
    }
  }
  return -1;
}

void FdCapture::DrainLocked(Pipe& pipe) {
  int available = 0;  // no more than this: a child that never stops writing must not keep us here
  if (ioctl(pipe.read_end, FIONREAD, &available) != 0 || available <= 0) {
    return;
  }
  std::string text = std::move(pipe.tail);
  const std::size_t before = text.size();
  text.resize(before + static_cast<std::size_t>(available));
  ssize_t got = -1;
  do {
    got = read(pipe.read_end, text.data() + before, static_cast<std::size_t>(available));
  } while (got < 0 && errno == EINTR);
  text.resize(before + static_cast<std::size_t>(got > 0 ? got : 0));
  const std::size_t whole = WholeCharacters(text);
  pipe.tail = text.substr(whole);
  text.resize(whole);
  if (!text.empty()) {
    sink_(pipe.stream, text);
  }
}

void FdCapture::RunReader() {
  std::vector<pollfd> watched;
  for (const Pipe& pipe : pipes_) {
    watched.push_back({pipe.read_end, POLLIN, 0});
  }
  watched.push_back({stop_event_, POLLIN, 0});
  while (true) {
    if (poll(watched.data(), watched.size(), -1) < 0) {
      continue;
    }
    if (watched.back().revents != 0) {
      return;
    }
    Drain();
    for (pollfd& one : watched) {
      if ((one.revents & (POLLHUP | POLLERR)) != 0) {
        one.fd = -1;  // someone closed or replaced the descriptor and all who inherited it are gone
      }
    }
  }
}

}  // namespace batchscope::kernel
