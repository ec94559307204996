#include "kernel/view/live_view.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace batchscope::kernel {
namespace {

TEST(LiveView, PublishesOnceAndUpdatesFromThenOn) {
  std::vector<LiveView::Turn> turns;
  LiveView view([&](LiveView::Turn turn, std::string&& html, std::string&& text) {
    turns.push_back(turn);
    EXPECT_NE(html.find("digits"), std::string::npos);
    EXPECT_EQ(text.rfind("digits [", 0), 0U);
  });
  view.Show(R"({"status": "running", "name": "digits", "done": 1, "total": 3})");
  view.Show(R"({"status": "running", "name": "digits", "done": 2, "total": 3})");
  view.Show(R"({"status": "completed", "name": "digits", "done": 3, "total": 3})");
  EXPECT_EQ(turns, (std::vector{LiveView::Turn::kFirst, LiveView::Turn::kUpdate, LiveView::Turn::kUpdate}));
}

TEST(LiveView, PublishesNothingThatLooksTheSameOrCannotBeRead) {
  int published = 0;
  LiveView view([&](LiveView::Turn, std::string&&, std::string&&) { ++published; });
  view.Show("not JSON");
  EXPECT_EQ(published, 0);
  view.Show(R"({"status": "running", "items_per_second": 100.1})");
  view.Show(R"({"status": "running", "items_per_second": 100.2})");
  EXPECT_EQ(published, 1);
}

}  // namespace
}  // namespace batchscope::kernel
