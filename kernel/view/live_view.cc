#include "kernel/view/live_view.h"

#include <utility>

#include "kernel/view/progress.h"
#include "kernel/view/render.h"

namespace batchscope::kernel {

LiveView::LiveView(Publish publish) : publish_(std::move(publish)) {}

void LiveView::Show(std::string_view progress) {
  const auto parsed = ParseProgress(progress);
  if (!parsed) {
    return;
  }
  std::string html = RenderHtml(*parsed);
  const std::lock_guard lock(mutex_);
  if (html == last_html_) {
    return;
  }
  const Turn turn = last_html_.empty() ? Turn::kFirst : Turn::kUpdate;
  last_html_ = html;
  publish_(turn, std::move(html), RenderText(*parsed));
}

}  // namespace batchscope::kernel
