#pragma once

#include <chrono>
#include <string>

namespace batchscope {

/// CLOCK_MONOTONIC: the same in every process of the machine, so workers' times compare with the host's.
using MonotonicTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;

/// Where time comes from; tests move their own.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual MonotonicTime Now() const = 0;
  virtual WallTime WallNow() const = 0;
};

/// The machine's clock.
class SystemClock final : public Clock {
 public:
  MonotonicTime Now() const override { return std::chrono::steady_clock::now(); }
  WallTime WallNow() const override { return std::chrono::system_clock::now(); }
};

/// UTC as "2026-05-04T10:11:12.345678Z".
std::string FormatUtc(WallTime time);

/// "1.5 s", "2 min 5 s", "1 h 2 min".
std::string FormatDuration(std::chrono::duration<double> time);

}  // namespace batchscope
