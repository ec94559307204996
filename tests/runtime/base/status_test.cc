#include "runtime/base/status.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <string>

namespace batchscope {
namespace {

Result<int> Half(int number) {
  if (number % 2 != 0) return Status::Error("odd");
  return number / 2;
}

Result<int> Quarter(int number) {
  BATCHSCOPE_ASSIGN_OR_RETURN(const int half, Half(number));
  BATCHSCOPE_ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}

Status CheckQuarter(int number) {
  BATCHSCOPE_RETURN_IF_ERROR(Quarter(number).status().Within("a quarter"));
  return {};
}

TEST(Status, LayersAddTheirContext) {
  EXPECT_TRUE(CheckQuarter(8).ok());
  EXPECT_EQ(CheckQuarter(8).message(), "");
  EXPECT_EQ(CheckQuarter(6).Within("here").message(), "here: a quarter: odd");
  EXPECT_EQ(Status::FromErrno("cannot open x", ENOENT).message(), "cannot open x: No such file or directory");
}

TEST(Result, HoldsAValueOrWhyThereIsNone) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_TRUE(Quarter(8).status().ok());
  EXPECT_EQ(Quarter(8).message(), "");
  EXPECT_EQ(Quarter(5).message(), "odd");
  EXPECT_EQ(Quarter(6).status().message(), "odd");
}

TEST(Result, HandsOverValuesThatOnlyMove) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(7));
  const std::unique_ptr<int> taken = std::move(result).value();
  EXPECT_EQ(*taken, 7);
}

TEST(ResultDeathTest, UsingAFailedOneIsABugThatSaysWhatFailed) {
  EXPECT_DEATH(Half(3).value(), "this is a bug.*value\\(\\) of a failed Result: odd");
  EXPECT_DEATH(Result<int>{Status{}}, "a Result was made from an ok Status");
}

}  // namespace
}  // namespace batchscope
