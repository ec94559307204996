#pragma once
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace batchscope::kernel {

// One place in a cell's output that follows a run: made once, updated in place from then on.
class LiveView {
 public:
  enum class Turn { kFirst, kUpdate };
  // display_data the first time, update_display_data after.
  using Publish = std::function<void(Turn turn, std::string&& html, std::string&& text)>;

  explicit LiveView(Publish publish);

  // `progress` is the JSON of kernel/view/progress.h; what cannot be read is left out, and so is what would look the
  // same. Any thread, no GIL.
  void Show(std::string_view progress);

 private:
  const Publish publish_;
  std::mutex mutex_;  // guards the order of publishing
  std::string last_html_;
};

}  // namespace batchscope::kernel
