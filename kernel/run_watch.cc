#include "kernel/run_watch.h"

#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>
#include <xeus/xguid.hpp>

#include "kernel/channels/iopub.h"
#include "kernel/debug/debug_router.h"
#include "kernel/view/live_view.h"
#include "kernel/view/progress.h"

namespace batchscope::kernel {
namespace {

using Json = nlohmann::json;

class RunWatch {
 public:
  RunWatch(IoPub& iopub, DebugRouter& debugger)
      : debugger_(debugger),
        view_([&iopub, parent = iopub.parent(), id = std::string(xeus::new_xguid())](
                  LiveView::Turn turn, std::string&& html, std::string&& text) {
          iopub.Publish(turn == LiveView::Turn::kFirst ? "display_data" : "update_display_data", parent, Json::object(),
                        {{"data", {{"text/html", std::move(html)}, {"text/plain", std::move(text)}}},
                         {"metadata", Json::object()},
                         {"transient", {{"display_id", id}}}},
                        {});
        }) {}
  ~RunWatch() {
    if (!folder_.empty()) {
      debugger_.OnRunEnded(folder_);
    }
  }
  RunWatch(const RunWatch&) = delete;
  RunWatch& operator=(const RunWatch&) = delete;

  void Show(std::string_view json) {
    view_.Show(json);
    const auto progress = ParseProgress(json);
    if (progress && !progress->folder.empty() && !IsOver(progress->status)) {
      folder_ = progress->folder;
      debugger_.OnRun(folder_);
    }
  }

 private:
  DebugRouter& debugger_;
  LiveView view_;
  std::string folder_;
};

}  // namespace

std::unique_ptr<BatchscopeProgressSinkV1> MakeRunWatch(IoPub& iopub, DebugRouter& debugger) {
  auto sink = std::make_unique<BatchscopeProgressSinkV1>();
  sink->self = new RunWatch(iopub, debugger);  // until the engine releases it
  sink->show = [](void* self, const char* json, std::size_t size) { static_cast<RunWatch*>(self)->Show({json, size}); };
  sink->release = [](void* self) { delete static_cast<RunWatch*>(self); };
  return sink;
}

}  // namespace batchscope::kernel
