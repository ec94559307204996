#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>

#include "runtime/config/parse.h"

/// What a step says about the debugger.
namespace batchscope::config {
namespace {

using nlohmann::json;

constexpr double kLongest = 366 * 24 * 3600;
constexpr std::array<std::string_view, 3> kModes = {"off", "on", "lane"};
constexpr std::array<std::string_view, 2> kLanes = {"next", "failed"};

DebugMode ReadMode(ObjectReader& reader) {
  const json* value = reader.Get("debug");
  if (value != nullptr && value->is_boolean()) return value->get<bool>() ? DebugMode::kOn : DebugMode::kOff;
  return static_cast<DebugMode>(reader.Choice("debug", kModes).value_or(static_cast<std::size_t>(DebugMode::kOn)));
}

void ReadChosen(ObjectReader& reader, const json& numbers, DebugOptions& debug) {
  debug.lane_takes = LaneTakes::kChosen;
  if (numbers.empty()) {
    return reader.Complain("debug_lane", "found an empty list, expected next, failed or numbers of mini-batches");
  }
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const json& number = numbers[i];
    constexpr std::uint32_t kMost = std::numeric_limits<std::uint32_t>::max() - 1;
    if (number.is_number_integer() && number >= 0 && number <= kMost) {
      debug.lane_mini_batches.push_back(number.get<std::uint32_t>());
    } else {
      reader.Complain(fmt::format("debug_lane[{}]", i),
                      fmt::format("found {}, expected the number of a mini-batch, from 0 on", Found(number)));
    }
  }
  std::sort(debug.lane_mini_batches.begin(), debug.lane_mini_batches.end());
  const auto last = std::unique(debug.lane_mini_batches.begin(), debug.lane_mini_batches.end());
  debug.lane_mini_batches.erase(last, debug.lane_mini_batches.end());
}

void ReadLane(ObjectReader& reader, std::uint32_t run_max_try, DebugOptions& debug) {
  const json* lane = reader.Get("debug_lane");
  if (lane == nullptr) return;
  if (debug.mode != DebugMode::kLane) {
    return reader.Complain("debug_lane",
                           "says what the debug lane gets, and there is none; expected debug = \"lane\" beside it");
  }
  if (lane->is_array()) return ReadChosen(reader, *lane, debug);
  if (lane->is_number()) return ReadChosen(reader, json::array({*lane}), debug);
  if (!lane->is_string()) {
    return reader.Complain("debug_lane", fmt::format("found {}, expected next, failed or a list of the numbers of "
                                                     "mini-batches",
                                                     Found(*lane)));
  }
  debug.lane_takes = static_cast<LaneTakes>(reader.Choice("debug_lane", kLanes).value_or(0));
  if (debug.lane_takes == LaneTakes::kFailed && run_max_try < 2) {
    reader.Complain(
        "debug_lane",
        "found \"failed\", which gets the second and later tries, and run_max_try = 1 allows none; expected "
        "run_max_try of at least 2 with it, or hold_on_failure in its place");
  }
}

}  // namespace

DebugOptions ParseDebug(ObjectReader& reader, std::uint32_t run_max_try) {
  DebugOptions debug;
  debug.mode = ReadMode(reader);
  ReadLane(reader, run_max_try, debug);
  using Seconds = std::chrono::duration<double>;
  if (const auto lease = reader.Number("debug_lease", 0, kLongest, ObjectReader::Least::kExcluded)) {
    debug.debug_lease = Seconds(*lease);
  }
  if (const auto hold = reader.Number("hold_on_failure", 0, kLongest, ObjectReader::Least::kAllowed)) {
    debug.hold_on_failure = Seconds(*hold);
  }
  if (debug.mode == DebugMode::kOff && debug.hold_on_failure > Seconds::zero()) {
    reader.Complain("hold_on_failure", "keeps workers for a debugger, and debug = \"off\" allows none; expected 0");
  }
  return debug;
}

void AddTo(json& step, const DebugOptions& debug) {
  step["debug"] = kModes[static_cast<std::size_t>(debug.mode)];
  step["debug_lease"] = debug.debug_lease.count();
  step["hold_on_failure"] = debug.hold_on_failure.count();
  if (debug.mode != DebugMode::kLane) return;
  if (debug.lane_takes == LaneTakes::kChosen) {
    step["debug_lane"] = debug.lane_mini_batches;
  } else {
    step["debug_lane"] = kLanes[static_cast<std::size_t>(debug.lane_takes)];
  }
}

}  // namespace batchscope::config
