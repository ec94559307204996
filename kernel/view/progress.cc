#include "kernel/view/progress.h"

#include <array>
#include <utility>

#include <nlohmann/json.hpp>

namespace batchscope::kernel {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::pair<std::string_view, RunStatus>, 6> kStatusNames{{{"starting", RunStatus::kStarting},
                                                                              {"running", RunStatus::kRunning},
                                                                              {"cancelling", RunStatus::kCancelling},
                                                                              {"completed", RunStatus::kCompleted},
                                                                              {"failed", RunStatus::kFailed},
                                                                              {"cancelled", RunStatus::kCancelled}}};

void Read(const Json& object, const char* key, std::string& value) {
  const auto found = object.find(key);
  if (found != object.end() && found->is_string()) {
    value = found->get<std::string>();
  }
}

void Read(const Json& object, const char* key, std::int64_t& value) {
  const auto found = object.find(key);
  if (found != object.end() && found->is_number_integer()) {
    value = found->get<std::int64_t>();
  }
}

void Read(const Json& object, const char* key, double& value) {
  const auto found = object.find(key);
  if (found != object.end() && found->is_number()) {
    value = found->get<double>();
  }
}

}  // namespace

std::optional<Progress> ParseProgress(std::string_view json) {
  const Json object = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) {
    return std::nullopt;
  }
  Progress progress;
  std::string status;
  Read(object, "status", status);
  bool known = false;
  for (const auto& [name, value] : kStatusNames) {
    if (name == status) {
      progress.status = value;
      known = true;
    }
  }
  if (!known) {
    return std::nullopt;
  }
  Read(object, "run", progress.run);
  Read(object, "name", progress.name);
  Read(object, "total", progress.total);
  Read(object, "done", progress.done);
  Read(object, "failed", progress.failed);
  Read(object, "items_done", progress.items_done);
  Read(object, "items_failed", progress.items_failed);
  Read(object, "items_per_second", progress.items_per_second);
  Read(object, "elapsed_seconds", progress.elapsed_seconds);
  Read(object, "workers", progress.workers);
  Read(object, "workers_wanted", progress.workers_wanted);
  Read(object, "message", progress.message);
  Read(object, "folder", progress.folder);
  const auto stopped = object.find("stopped");
  if (stopped != object.end() && stopped->is_array()) {
    for (const Json& each : *stopped) {
      if (!each.is_object()) {
        continue;
      }
      StoppedWorker& worker = progress.stopped.emplace_back();
      Read(each, "worker", worker.worker);
      Read(each, "where", worker.where);
      Read(each, "seconds", worker.seconds);
    }
  }
  const auto left = object.find("seconds_left");
  if (left != object.end() && left->is_number()) {
    progress.seconds_left = left->get<double>();
  }
  return progress;
}

std::string_view StatusName(RunStatus status) {
  for (const auto& [name, value] : kStatusNames) {
    if (value == status) {
      return name;
    }
  }
  return "unknown";
}

bool IsOver(RunStatus status) {
  return status == RunStatus::kCompleted || status == RunStatus::kFailed || status == RunStatus::kCancelled;
}

}  // namespace batchscope::kernel
